internal import JSONBytes
internal import Runs

/// What a request to mark a recording says in its body.
enum LabelWish {
    /// Why a request cannot be understood.
    struct Invalid: Error {
        var message: String
    }

    /// Reads the label. A member that is not known is refused: what was meant by it would be lost without a word.
    static func label(in body: borrowing Span<UInt8>) throws(Invalid) -> RunLabel {
        var kind: String?
        var channel: RunLabel.Channel?
        var began: Int?
        var problem: String?
        var reader = JSONReader()
        guard body.count > 0, reader.peek(body) == .object else {
            throw Invalid(message: #"The body must be a JSON object such as {"label":"healthy"}."#)
        }
        reader.readObject(body) { key, reader in
            let name = JSONString.string(body, key)
            // What is null is not said.
            if ["label", "channel", "began"].contains(name), reader.peek(body) == .null {
                reader.skipValue(body)
                return
            }
            switch name {
            case "label": kind = reader.text(body) ?? ""
            case "channel":
                channel = reader.text(body).flatMap(RunLabel.Channel.init)
                if channel == nil { problem = problem ?? "'channel' must be \(choices)." }
            case "began":
                began = reader.readIntegerOrSkip(body).flatMap { $0 >= 0 ? $0 : nil }
                if began == nil { problem = problem ?? "'began' must be a whole number that is not negative." }
            default:
                reader.skipValue(body)
                problem = problem ?? "'\(name.prefix(40))' is not known; there are 'label', 'channel' and 'began'."
            }
        }
        guard reader.atEnd(body) else { throw Invalid(message: "The body is not valid JSON.") }
        if let problem { throw Invalid(message: problem) }
        switch kind {
        case "healthy":
            if channel == nil, began == nil { return .healthy }
            let extra = began == nil ? "channel" : "began"
            throw Invalid(message: "'\(extra)' says where a loop is; leave it out of the label 'healthy'.")
        case "loop":
            if began != nil, channel == nil {
                throw Invalid(message: "'began' counts the bytes of one channel: say which with 'channel'.")
            }
            return .loop(channel: channel, began: began ?? 0)
        default: throw Invalid(message: "'label' must be 'loop' or 'healthy'.")
        }
    }

    private static let choices = RunLabel.Channel.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
}

internal import JSONBytes
internal import NIOHTTP1
internal import Runs

/// What a request to stop says in its body, its headers and its query.
struct StopWish {
    var request = StopRequest()
    /// The runs of a request for many.
    var ids: [String] = []
    /// All runs of a session.
    var session: String?
    /// All runs.
    var all = false

    /// Why a request cannot be understood.
    struct Invalid: Error {
        var message: String
    }

    init(_ head: HTTPRequestHead, body: borrowing Span<UInt8>, at door: StopDoor?) throws(Invalid) {
        request.scope = door == .run || door == nil ? .tree : .run
        request.source = head.headers.first(name: "x-loopguard-source").map(Self.word)
        if let tag = head.headers.first(name: "if-match") {
            guard let generation = UInt64(tag.trimming("\"")) else {
                throw Invalid(message: "If-Match must be the generation of a run, a number, not \(tag.prefix(40)).")
            }
            request.ifGeneration = generation
        }
        guard body.count > 0, !body.isBlank else { return }
        var problem: String?
        var reader = JSONReader()
        var wish = self
        guard reader.peek(body) == .object else { throw Invalid(message: "The body must be a JSON object, or empty.") }
        reader.readObject(body) { key, reader in
            if body.equals(key, "mode") {
                wish.request.mode = Self.choice(reader.text(body), "mode", &problem) ?? .immediate
            } else if body.equals(key, "scope") {
                wish.request.scope = Self.choice(reader.text(body), "scope", &problem) ?? .run
            } else if body.equals(key, "source") {
                wish.request.source = reader.text(body).map(Self.word)
            } else if body.equals(key, "if_generation") {
                let number = reader.readIntegerOrSkip(body)
                if let number, number >= 0 {
                    wish.request.ifGeneration = UInt64(number)
                } else {
                    problem = "'if_generation' must be the generation of a run, a number."
                }
            } else if body.equals(key, "ids") {
                reader.readArrayOrSkip(body) { _, reader in wish.ids.append(reader.text(body) ?? "") }
            } else if body.equals(key, "session") {
                wish.session = reader.text(body)
            } else if body.equals(key, "all") {
                wish.all = reader.readBoolOrSkip(body) ?? false
            } else {
                reader.skipValue(body)
            }
        }
        if reader.failed { throw Invalid(message: "The body is not valid JSON.") }
        if let problem { throw Invalid(message: problem) }
        self = wish
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String?,
        _ name: String,
        _ problem: inout String?
    ) -> Choice? where Choice.RawValue == String {
        if let choice = text.flatMap({ Choice(rawValue: $0) }) { return choice }
        let names = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")
        problem = "'\(name)' must be \(names)."
        return nil
    }

    /// A word for logs: short and of one line.
    private static func word(_ text: String) -> String {
        String(text.prefix(64).filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.:/ ".contains($0)) })
    }
}

extension Span<UInt8> {
    fileprivate var isBlank: Bool {
        for index in indices where self[index] > 0x20 { return false }
        return true
    }
}

extension String {
    fileprivate func trimming(_ mark: Character) -> Substring {
        var text = self[...]
        while text.first == mark { text.removeFirst() }
        while text.last == mark { text.removeLast() }
        return text
    }
}

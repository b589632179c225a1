/// JSON to be written, its members in the order they are given.
indirect enum JSON {
    case object([(String, JSON)])
    case array([JSON])
    case text(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)

    /// The text, indented by two spaces; lists of plain values stand on one line.
    var text: String { text(indent: "") }

    private func text(indent: String) -> String {
        let deeper = indent + "  "
        switch self {
        case .object(let members) where members.isEmpty: return "{}"
        case .object(let members):
            let rows = members.map { "\(deeper)\(Self.quoted($0)): \($1.text(indent: deeper))" }
            return "{\n\(rows.joined(separator: ",\n"))\n\(indent)}"
        case .array(let items) where items.allSatisfy(\.isPlain):
            return "[\(items.map { $0.text(indent: "") }.joined(separator: ", "))]"
        case .array(let items):
            let rows = items.map { deeper + $0.text(indent: deeper) }
            return "[\n\(rows.joined(separator: ",\n"))\n\(indent)]"
        case .text(let text): return Self.quoted(text)
        case .integer(let number): return "\(number)"
        case .number(let number): return "\(number)"
        case .boolean(let value): return "\(value)"
        }
    }

    private var isPlain: Bool {
        switch self {
        case .object, .array: false
        case .text, .integer, .number, .boolean: true
        }
    }

    /// Text in quotes. The only texts here are the room's own, which have no control characters but a line's end.
    private static func quoted(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\"\(escaped)\""
    }
}

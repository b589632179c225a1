internal import TerminalText

/// A JSON value that is only shown: what a detector's evidence holds.
public enum JSONFact: Decodable, Sendable, Equatable, CustomStringConvertible {
    case text(String)
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case null
    case list([JSONFact])
    case object([String: JSONFact])

    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? value.decode(Int.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSONFact].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: JSONFact].self))
        }
    }

    /// The value on one line, safe to print.
    public var description: String {
        switch self {
        case .text(let text): "\"\(text.printable)\""
        case .integer(let integer): "\(integer)"
        case .number(let number): "\(number)"
        case .bool(let bool): "\(bool)"
        case .null: "null"
        case .list(let list): "[" + list.map(\.description).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.sorted { $0.key < $1.key }.map { "\($0.key.printable): \($0.value)" }.joined(separator: ", ")
                + "}"
        }
    }
}

private import JSONBytes

/// A JSON text as a tree, for the files of a model folder: they are read once, and from many places.
enum JSONValue: Equatable {
    case object([Member])
    case array([JSONValue])
    case string(String)
    case number(Double)
    case bool(Bool)
    case null

    struct Member: Equatable {
        var name: String
        var value: JSONValue
    }

    /// Reads a file.
    static func read(_ path: String) throws(ModelError) -> JSONValue {
        let bytes = try ModelFile.contents(path)
        return try JSONValue(bytes.span, path: path)
    }

    /// Reads a text; `path` is where it came from.
    init(_ bytes: Span<UInt8>, path: String) throws(ModelError) {
        var reader = JSONReader()
        self = Self.value(bytes, &reader)
        guard reader.atEnd(bytes) else { throw ModelError(path, "is no JSON: wrong at byte \(reader.position)") }
    }

    private static func value(_ bytes: borrowing Span<UInt8>, _ reader: inout JSONReader) -> JSONValue {
        switch reader.peek(bytes) {
        case .object:
            var members: [Member] = []
            reader.readObject(bytes) { name, reader in
                let name = JSONString.string(bytes, name)
                members.append(Member(name: name, value: value(bytes, &reader)))
            }
            return .object(members)
        case .array:
            var elements: [JSONValue] = []
            reader.readArray(bytes) { _, reader in elements.append(value(bytes, &reader)) }
            return .array(elements)
        case .string:
            guard let token = reader.readString(bytes) else { return .null }
            return .string(JSONString.string(bytes, token))
        case .number:
            let digits = String(decoding: bytes.copy(reader.skipValue(bytes)), as: UTF8.self)
            return .number(Double(digits) ?? .infinity)
        case .bool: return .bool(reader.readBoolOrSkip(bytes) ?? false)
        case .null:
            reader.skipValue(bytes)
            return .null
        case nil:
            reader.fail()
            return .null
        }
    }

    /// The member of a name, the last one when there are several; `nil` when there is none or this is no object.
    subscript(name: String) -> JSONValue? { members?.last { $0.name == name }?.value }

    /// The same, but `nil` for `null` too: what configuration files mean by it.
    func present(_ name: String) -> JSONValue? {
        let value = self[name]
        return value == .null ? nil : value
    }

    var members: [Member]? { if case .object(let members) = self { members } else { nil } }
    var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
    var string: String? { if case .string(let string) = self { string } else { nil } }
    var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { nil } }
    var integer: Int? { number.flatMap { Int(exactly: $0) } }
}

import JSONBytes

/// A JSON value that can be changed: what an answer is put together in.
///
/// Strings are kept as they are written, escapes and all, so that pieces are joined by joining their bytes, even where
/// an escape is cut in the middle of a surrogate pair. Numbers are kept as they are written, too. Members keep their
/// order.
struct JSONTree: Sendable, Equatable {
    enum Kind: Sendable {
        /// A number, a boolean or null.
        case scalar
        case string
        case array
        case object
    }

    var kind: Kind
    /// The text of a scalar, or what stands between the quotes of a string.
    var bytes: [UInt8] = []
    /// The names of an object's members as they are written.
    var keys: [[UInt8]] = []
    /// The elements of an array, or the values of an object's members.
    var values: [JSONTree] = []

    static let null = JSONTree(literal: "null")
    static let object = JSONTree(kind: .object)
    static let array = JSONTree(kind: .array)

    private init(kind: Kind) { self.kind = kind }

    init(literal: String) {
        kind = .scalar
        bytes = Array(literal.utf8)
    }

    /// A string of the given text.
    init(text: some Sequence<UInt8>) {
        kind = .string
        JSONString.encode(text, into: &bytes)
        bytes.removeFirst()
        bytes.removeLast()
    }

    init(_ text: String) { self.init(text: text.utf8) }

    /// Reads the value that comes next.
    init(_ payload: borrowing Span<UInt8>, _ reader: inout JSONReader) {
        switch reader.peek(payload) {
        case .string:
            self.init(kind: .string)
            if let token = reader.readString(payload) { bytes = payload.copy(token.range) }
        case .object:
            var tree = Self.object
            reader.readObject(payload) { key, reader in
                tree.keys.append(payload.copy(key.range))
                tree.values.append(JSONTree(payload, &reader))
            }
            self = tree
        case .array:
            var tree = Self.array
            reader.readArray(payload) { _, reader in tree.values.append(JSONTree(payload, &reader)) }
            self = tree
        default:
            self.init(kind: .scalar)
            bytes = payload.copy(reader.skipValue(payload))
        }
    }

    /// Reads a whole payload; `nil` when it is not one JSON value.
    init?(whole payload: borrowing Span<UInt8>) {
        var reader = JSONReader()
        self.init(payload, &reader)
        guard reader.atEnd(payload) else { return nil }
    }

    var isNull: Bool { kind == .scalar && bytes.first == UInt8(ascii: "n") }
    /// Whether the value says nothing: null, or an empty string, list or object.
    var isEmpty: Bool { isNull || kind != .scalar && bytes.isEmpty && values.isEmpty }

    /// A string's text.
    var text: [UInt8] {
        var text: [UInt8] = []
        JSONString.decode(bytes.span, .init(range: 0..<bytes.count, isEscaped: true), into: &text)
        return text
    }

    var integer: Int? { kind == .scalar ? Int(String(decoding: bytes, as: UTF8.self)) : nil }

    func equals(_ word: StaticString) -> Bool { kind == .string && bytes.span.equals(0..<bytes.count, word) }

    /// About how many bytes of memory the value takes.
    var size: Int { keys.reduce(bytes.count + 32) { $0 + $1.count + 32 } + values.reduce(0) { $0 + $1.size } }

    // MARK: - Members

    func index(of key: StaticString) -> Int? { keys.firstIndex { $0.span.equals(0..<$0.count, key) } }

    subscript(_ key: StaticString) -> JSONTree? { index(of: key).map { values[$0] } }

    mutating func set(_ key: StaticString, _ value: JSONTree) { set(Self.bytes(of: key), value) }

    mutating func set(_ key: [UInt8], _ value: JSONTree) {
        if let index = keys.firstIndex(of: key) {
            values[index] = value
        } else {
            keys.append(key)
            values.append(value)
        }
    }

    @discardableResult
    mutating func remove(_ key: StaticString) -> JSONTree? {
        guard let index = index(of: key) else { return nil }
        keys.remove(at: index)
        return values.remove(at: index)
    }

    /// Changes a member in place; one that is not there begins as `initial`.
    mutating func update(_ key: StaticString, from initial: JSONTree, _ change: (inout JSONTree) -> Void) {
        let index = index(of: key) ?? append(key, initial)
        change(&values[index])
    }

    private mutating func append(_ key: StaticString, _ value: JSONTree) -> Int {
        keys.append(Self.bytes(of: key))
        values.append(value)
        return values.count - 1
    }

    private static func bytes(of key: StaticString) -> [UInt8] { key.withUTF8Buffer { Array($0) } }

    // MARK: - Writing

    func write(into output: inout [UInt8]) {
        switch kind {
        case .scalar: output.append(contentsOf: bytes)
        case .string: Self.writeQuoted(bytes, into: &output)
        case .array:
            output.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                value.write(into: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object:
            output.append(UInt8(ascii: "{"))
            for (index, value) in values.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.writeQuoted(keys[index], into: &output)
                output.append(UInt8(ascii: ":"))
                value.write(into: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func writeQuoted(_ bytes: [UInt8], into output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        output.append(contentsOf: bytes)
        output.append(UInt8(ascii: "\""))
    }
}

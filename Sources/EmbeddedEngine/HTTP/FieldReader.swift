import JSONBytes

/// Reads single fields, each with its own idea of what is right, and remembers the first mistake. `null` counts as
/// absent.
struct FieldReader {
    private(set) var problem: APIError?

    /// Remembers a mistake, unless there is an earlier one.
    mutating func note(_ message: String, parameter: String) {
        if problem == nil { problem = .invalid(message, parameter: parameter) }
    }

    mutating func bool(_ bytes: Span<UInt8>, _ reader: inout JSONReader, _ name: String) -> Bool? {
        guard has(.bool, bytes, &reader, name, "true or false") else { return nil }
        return reader.readBoolOrSkip(bytes)
    }

    mutating func integer(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ name: String,
        _ range: ClosedRange<Int>
    ) -> Int? {
        let expected = "a whole number" + Self.describe(range)
        guard has(.number, bytes, &reader, name, expected) else { return nil }
        if let value = reader.readIntegerOrSkip(bytes), range.contains(value) { return value }
        note("'\(name)' must be \(expected).", parameter: name)
        return nil
    }

    mutating func number(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ name: String,
        _ range: ClosedRange<Double>
    ) -> Double? {
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        guard has(.number, bytes, &reader, name, expected) else { return nil }
        let text = bytes.copy(reader.skipValue(bytes))
        if let value = Double(String(decoding: text, as: UTF8.self)), range.contains(value) { return value }
        note("'\(name)' must be \(expected).", parameter: name)
        return nil
    }

    /// A string, or a list of strings.
    mutating func strings(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ name: String,
        limit: Int
    ) -> [[UInt8]] {
        switch reader.peek(bytes) {
        case .string: return [string(bytes, &reader)]
        case .array:
            var strings: [[UInt8]] = []
            reader.readArray(bytes) { _, reader in
                guard has(.string, bytes, &reader, name, "a string or a list of strings") else { return }
                strings.append(string(bytes, &reader))
            }
            if strings.count > limit { note("'\(name)' may hold at most \(limit) strings.", parameter: name) }
            return strings
        default:
            _ = has(.string, bytes, &reader, name, "a string or a list of strings")
            return []
        }
    }

    mutating func object(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ name: String,
        _ member: (JSONReader.StringToken, inout JSONReader, inout FieldReader) -> Void
    ) {
        guard has(.object, bytes, &reader, name, "an object") else { return }
        reader.readObject(bytes) { key, reader in member(key, &reader, &self) }
    }

    /// Whether a value of that kind comes next. Anything else is skipped, and noted unless it is `null`.
    mutating func has(
        _ kind: JSONReader.Kind,
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ name: String,
        _ expected: String
    ) -> Bool {
        let next = reader.peek(bytes)
        if next == kind { return true }
        if next != .null { note("'\(name)' must be \(expected).", parameter: name) }
        reader.skipValue(bytes)
        return false
    }

    /// The string that comes next.
    func string(_ bytes: Span<UInt8>, _ reader: inout JSONReader) -> [UInt8] {
        var decoded: [UInt8] = []
        if let token = reader.readString(bytes) { JSONString.decode(bytes, token, into: &decoded) }
        return decoded
    }

    private static func describe(_ range: ClosedRange<Int>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (.min, .max): ""
        case (let lower, .max): " of at least \(lower)"
        case (let lower, let upper): " from \(lower) to \(upper)"
        }
    }
}

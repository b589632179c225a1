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

    /// Texts or lists of token numbers: one of them, or a list of one kind.
    mutating func prompts(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ name: String,
        limit: Int
    ) -> [GenerationBody.Prompt] {
        let expected = "a string, a list of strings, a list of token numbers, or a list of such lists"
        guard reader.peek(bytes) == .array else {
            guard has(.string, bytes, &reader, name, expected) else { return [] }
            return [.text(string(bytes, &reader))]
        }
        var prompts: [GenerationBody.Prompt] = []
        var single: [Token] = []
        reader.readArray(bytes) { _, reader in
            switch reader.peek(bytes) {
            case .string: prompts.append(.text(string(bytes, &reader)))
            case .number: if let token = token(bytes, &reader, name) { single.append(token) }
            case .array:
                var tokens: [Token] = []
                reader.readArray(bytes) { _, reader in
                    if let token = token(bytes, &reader, name) { tokens.append(token) }
                }
                prompts.append(.tokens(tokens))
            default: _ = has(.string, bytes, &reader, name, expected)
            }
        }
        if !single.isEmpty {
            if !prompts.isEmpty { note("'\(name)' must be \(expected).", parameter: name) }
            prompts = [.tokens(single)]
        }
        if prompts.count > limit { note("'\(name)' may hold at most \(limit) prompts.", parameter: name) }
        return prompts
    }

    private mutating func token(_ bytes: Span<UInt8>, _ reader: inout JSONReader, _ name: String) -> Token? {
        integer(bytes, &reader, name, 0...Int(Token.max)).map { Token($0) }
    }

    /// What is added to the logits of single tokens: an object from the token's number to a number.
    mutating func biases(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ name: String,
        limit: Int
    ) -> [Token: Float] {
        var biases: [Token: Float] = [:]
        object(bytes, &reader, name) { key, reader, fields in
            guard let token = Token(JSONString.string(bytes, key)), token >= 0 else {
                _ = reader.skipValue(bytes)
                return fields.note("'\(name)' must have token numbers as its keys.", parameter: name)
            }
            biases[token] = fields.number(bytes, &reader, "\(name).\(token)", -100...100).map { Float($0) }
        }
        if biases.count > limit { note("'\(name)' may name at most \(limit) tokens.", parameter: name) }
        return biases
    }

    /// Refuses a field that the engine knows but cannot honour.
    mutating func refuse(_ bytes: Span<UInt8>, _ reader: inout JSONReader, _ name: String, _ complaint: String) {
        if reader.peek(bytes) != .null { note("'\(name)' \(complaint).", parameter: name) }
        reader.skipValue(bytes)
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
        case (let lower, let upper) where lower == upper: ", and no other than \(lower)"
        case (let lower, .max): " of at least \(lower)"
        case (let lower, let upper): " from \(lower) to \(upper)"
        }
    }
}

/// A cursor over JSON text in bytes: one pass, no allocation, every position checked.
///
/// The reader holds a position only; the bytes are passed to each call, so that it can live beside the buffer it reads.
/// Each `read…` and `skip…` function moves past what it read. After the first mistake ``failed`` is set and nothing
/// moves any more, so a caller may check once at the end.
///
/// ```swift
/// var reader = JSONReader()
/// reader.readObject(bytes) { key, reader in
///     if bytes.equals(key, "id") { id = reader.readString(bytes) } else { reader.skipValue(bytes) }
/// }
/// ```
public struct JSONReader: Sendable {
    /// The index of the next byte to read.
    public var position: Int
    /// Whether the text was not what was asked for.
    public private(set) var failed = false

    /// The deepest nesting that is read; deeper text fails rather than exhausting the stack.
    public static let maxDepth = 256
    private var depth = 0

    /// Starts at a position.
    public init(at position: Int = 0) { self.position = position }

    /// A string's bytes between its quotes.
    public struct StringToken: Sendable, Equatable {
        /// The range without the quotes.
        public var range: Range<Int>
        /// Whether backslash escapes must be decoded before use.
        public var isEscaped: Bool

        /// Creates a token.
        public init(range: Range<Int>, isEscaped: Bool) {
            self.range = range
            self.isEscaped = isEscaped
        }
    }

    /// What kind of value comes next.
    public enum Kind: Sendable {
        case object, array, string, number, bool, null
    }

    /// The kind of the next value; `nil` at the end, where no value can begin, and after a mistake.
    public mutating func peek(_ bytes: borrowing Span<UInt8>) -> Kind? {
        skipWhitespace(bytes)
        guard !failed, position < bytes.count else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: return nil
        }
    }

    /// Marks the text as wrong.
    public mutating func fail() { failed = true }

    /// Reads an object and calls `member` with each key; `member` must read or skip the value.
    public mutating func readObject(
        _ bytes: borrowing Span<UInt8>,
        _ member: (StringToken, inout JSONReader) -> Void
    ) {
        guard enter(bytes, UInt8(ascii: "{")) else { return }
        if close(bytes, UInt8(ascii: "}")) { return }
        while !failed {
            skipWhitespace(bytes)
            guard let key = readString(bytes) else { return fail() }
            skipWhitespace(bytes)
            guard take(bytes, UInt8(ascii: ":")) else { return fail() }
            skipWhitespace(bytes)
            member(key, &self)
            if failed { return }
            skipWhitespace(bytes)
            if take(bytes, UInt8(ascii: ",")) { continue }
            if !close(bytes, UInt8(ascii: "}")) { fail() }
            return
        }
    }

    /// Reads an array and calls `element` before each element with its index; `element` must read or skip it.
    public mutating func readArray(_ bytes: borrowing Span<UInt8>, _ element: (Int, inout JSONReader) -> Void) {
        guard enter(bytes, UInt8(ascii: "[")) else { return }
        if close(bytes, UInt8(ascii: "]")) { return }
        var index = 0
        while !failed {
            skipWhitespace(bytes)
            element(index, &self)
            if failed { return }
            index += 1
            skipWhitespace(bytes)
            if take(bytes, UInt8(ascii: ",")) { continue }
            if !close(bytes, UInt8(ascii: "]")) { fail() }
            return
        }
    }

    /// Reads an object like ``readObject(_:_:)``; any other value is skipped.
    public mutating func readObjectOrSkip(
        _ bytes: borrowing Span<UInt8>,
        _ member: (StringToken, inout JSONReader) -> Void
    ) {
        if peek(bytes) == .object { readObject(bytes, member) } else { skipValue(bytes) }
    }

    /// Reads an array like ``readArray(_:_:)``; any other value is skipped.
    public mutating func readArrayOrSkip(
        _ bytes: borrowing Span<UInt8>,
        _ element: (Int, inout JSONReader) -> Void
    ) {
        if peek(bytes) == .array { readArray(bytes, element) } else { skipValue(bytes) }
    }

    /// Reads a string; `nil`, without failing, when the next value is something else, which is skipped.
    public mutating func readStringOrSkip(_ bytes: borrowing Span<UInt8>) -> StringToken? {
        if peek(bytes) == .string { return readString(bytes) }
        skipValue(bytes)
        return nil
    }

    /// Reads a whole number; `nil`, without failing, when the next value is something else, which is skipped.
    public mutating func readIntegerOrSkip(_ bytes: borrowing Span<UInt8>) -> Int? {
        guard peek(bytes) == .number else {
            skipValue(bytes)
            return nil
        }
        let start = position
        skipValue(bytes)
        if failed { return nil }
        var index = start
        let negative = bytes[index] == UInt8(ascii: "-")
        if negative { index += 1 }
        var value = 0
        while index < position {
            let digit = bytes[index]
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            // Negative numbers are summed downwards: there is one more of them.
            let unit = Int(digit &- UInt8(ascii: "0"))
            let (sum, carry) =
                negative ? scaled.subtractingReportingOverflow(unit) : scaled.addingReportingOverflow(unit)
            if overflow || carry { return nil }
            value = sum
            index += 1
        }
        return value
    }

    /// Reads `true` or `false`; `nil`, without failing, when the next value is something else, which is skipped.
    public mutating func readBoolOrSkip(_ bytes: borrowing Span<UInt8>) -> Bool? {
        guard peek(bytes) == .bool else {
            skipValue(bytes)
            return nil
        }
        let isTrue = bytes[position] == UInt8(ascii: "t")
        skipValue(bytes)
        return failed ? nil : isTrue
    }

    /// Reads a string that must come next. A string with a raw control character or an escape that JSON does not know
    /// is a mistake; surrogates are not paired up here, see ``JSONString/decode(_:_:into:)``.
    public mutating func readString(_ bytes: borrowing Span<UInt8>) -> StringToken? {
        skipWhitespace(bytes)
        guard !failed, take(bytes, UInt8(ascii: "\"")) else {
            fail()
            return nil
        }
        return readStringContents(bytes)
    }

    /// Reads the rest of a string whose opening quote has been read.
    public mutating func readStringContents(_ bytes: borrowing Span<UInt8>) -> StringToken? {
        let start = position
        var isEscaped = false
        while position < bytes.count {
            position = bytes.endOfPlainText(from: position)
            guard position < bytes.count else { break }
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let token = StringToken(range: start..<position, isEscaped: isEscaped)
                position += 1
                return token
            }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                let length = escapeLength(bytes)
                if length == 0 { break }
                position += length
            } else {
                break
            }
        }
        fail()
        return nil
    }

    /// Skips a value of any kind and returns its range; an empty range after a mistake.
    @discardableResult
    public mutating func skipValue(_ bytes: borrowing Span<UInt8>) -> Range<Int> {
        skipWhitespace(bytes)
        let start = position
        switch peek(bytes) {
        case .string: _ = readString(bytes)
        case .object:
            readObject(bytes) { _, reader in reader.skipValue(bytes) }
        case .array:
            readArray(bytes) { _, reader in reader.skipValue(bytes) }
        case .number: skipNumber(bytes)
        case .bool:
            if bytes[position] == UInt8(ascii: "t") { word(bytes, "true") } else { word(bytes, "false") }
        case .null: word(bytes, "null")
        case nil: fail()
        }
        return failed ? start..<start : start..<position
    }

    /// Skips whitespace; true when nothing follows and there was no mistake.
    public mutating func atEnd(_ bytes: borrowing Span<UInt8>) -> Bool {
        skipWhitespace(bytes)
        return !failed && position == bytes.count
    }

    // MARK: - Pieces

    private mutating func skipWhitespace(_ bytes: borrowing Span<UInt8>) {
        while !failed, position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ bytes: borrowing Span<UInt8>, _ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// The length of the escape that begins here with a backslash; 0 when it is none of JSON's.
    private func escapeLength(_ bytes: borrowing Span<UInt8>) -> Int {
        guard position + 1 < bytes.count else { return 0 }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            guard position + 6 <= bytes.count else { return 0 }
            for index in position + 2..<position + 6 where !isHexDigit(bytes[index]) { return 0 }
            return 6
        default:
            return 0
        }
    }

    private func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private mutating func enter(_ bytes: borrowing Span<UInt8>, _ byte: UInt8) -> Bool {
        skipWhitespace(bytes)
        guard !failed, depth < Self.maxDepth, take(bytes, byte) else {
            fail()
            return false
        }
        depth += 1
        return true
    }

    /// Takes a closing byte when it comes next.
    private mutating func close(_ bytes: borrowing Span<UInt8>, _ byte: UInt8) -> Bool {
        skipWhitespace(bytes)
        guard take(bytes, byte) else { return false }
        depth -= 1
        return true
    }

    private mutating func skipNumber(_ bytes: borrowing Span<UInt8>) {
        if take(bytes, UInt8(ascii: "-")), position == bytes.count { return fail() }
        let start = position
        skipDigits(bytes)
        let integerDigits = position - start
        if integerDigits == 0 || (integerDigits > 1 && bytes[start] == UInt8(ascii: "0")) { return fail() }
        if take(bytes, UInt8(ascii: ".")) {
            let fraction = position
            skipDigits(bytes)
            if position == fraction { return fail() }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if !take(bytes, UInt8(ascii: "+")) { _ = take(bytes, UInt8(ascii: "-")) }
            let exponent = position
            skipDigits(bytes)
            if position == exponent { return fail() }
        }
    }

    private mutating func skipDigits(_ bytes: borrowing Span<UInt8>) {
        while position < bytes.count, bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9") {
            position += 1
        }
    }

    private mutating func word(_ bytes: borrowing Span<UInt8>, _ word: StaticString) {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count, bytes.equals(position..<end, word) else { return fail() }
        position = end
    }
}

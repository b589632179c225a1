/// JSON string contents, decoded and encoded (RFC 8259, section 7).
public enum JSONString {
    /// Appends the decoded contents of a string token to `output` as UTF-8.
    ///
    /// Pairs of `\u` surrogates become one scalar; a surrogate that stands alone becomes U+FFFD, as does a malformed
    /// escape. Bytes that are no escapes are copied as they are.
    public static func decode(
        _ bytes: borrowing Span<UInt8>,
        _ token: JSONReader.StringToken,
        into output: inout [UInt8]
    ) {
        guard token.isEscaped else { return bytes.append(token.range, to: &output) }
        var index = token.range.lowerBound
        let end = token.range.upperBound
        while index < end {
            let run = index
            while index < end, bytes[index] != UInt8(ascii: "\\") { index += 1 }
            if run < index { bytes.append(run..<index, to: &output) }
            guard index < end else { return }
            index += 1
            guard index < end else { return append(0xFFFD, to: &output) }
            let escape = bytes[index]
            index += 1
            switch escape {
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(escape)
            case UInt8(ascii: "u"):
                append(scalar(bytes, &index, end), to: &output)
            default: append(0xFFFD, to: &output)
            }
        }
    }

    /// The decoded contents of a token as a string.
    public static func string(_ bytes: borrowing Span<UInt8>, _ token: JSONReader.StringToken) -> String {
        var decoded: [UInt8] = []
        decode(bytes, token, into: &decoded)
        return String(decoding: decoded, as: UTF8.self)
    }

    /// Appends `text` as a JSON string with its quotes. Only what must be escaped is.
    @inlinable
    public static func encode(_ text: some Sequence<UInt8>, into output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0x08: output.append(contentsOf: "\\b".utf8)
            case 0x09: output.append(contentsOf: "\\t".utf8)
            case 0x0A: output.append(contentsOf: "\\n".utf8)
            case 0x0C: output.append(contentsOf: "\\f".utf8)
            case 0x0D: output.append(contentsOf: "\\r".utf8)
            case 0..<0x20:
                output.append(contentsOf: "\\u00".utf8)
                output.append(hexDigit(byte >> 4))
                output.append(hexDigit(byte & 0xF))
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Appends `text` as a JSON string with its quotes.
    public static func encode(_ text: String, into output: inout [UInt8]) { encode(text.utf8, into: &output) }

    @usableFromInline
    static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }

    /// Reads the four digits after `\u`, and the low half of a surrogate pair when one follows.
    private static func scalar(_ bytes: borrowing Span<UInt8>, _ index: inout Int, _ end: Int) -> UInt32 {
        guard let first = hex4(bytes, index, end) else { return 0xFFFD }
        index += 4
        if first < 0xD800 || first > 0xDFFF { return first }
        guard first < 0xDC00, index + 6 <= end,
            bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u"),
            let second = hex4(bytes, index + 2, end), second >= 0xDC00, second <= 0xDFFF
        else { return 0xFFFD }
        index += 6
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private static func hex4(_ bytes: borrowing Span<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
        guard start + 4 <= end else { return nil }
        var value: UInt32 = 0
        for index in start..<start + 4 {
            let byte = bytes[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private static func append(_ code: UInt32, to output: inout [UInt8]) {
        output.append(contentsOf: UTF8.encode(Unicode.Scalar(code) ?? "\u{FFFD}")!)
    }
}

extension JSONReader {
    /// Reads a string as text; `nil` when the value is something else, which is skipped.
    public mutating func text(_ body: borrowing Span<UInt8>) -> String? {
        readStringOrSkip(body).map { JSONString.string(body, $0) }
    }
}

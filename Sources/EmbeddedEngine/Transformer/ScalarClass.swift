/// What tokenizers' patterns want to know of a character.
enum ScalarClass {
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// Carriage return or line feed.
    case newline
    /// Any other `\s`.
    case space
    case other

    /// The class of the character that begins at an index, and its length in bytes. A byte that begins no valid UTF-8
    /// is a character of its own, of no particular class.
    static func of(_ text: borrowing Span<UInt8>, at index: Int) -> (class: ScalarClass, length: Int) {
        let byte = text[index]
        if byte < 0x80 { return (ascii(byte), 1) }
        guard let (scalar, length) = scalar(text, at: index) else { return (.other, 1) }
        return (of(scalar.properties), length)
    }

    private static func ascii(_ byte: UInt8) -> ScalarClass {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .number
        case 0x0A, 0x0D: .newline
        case 0x20, 0x09, 0x0B, 0x0C: .space
        default: .other
        }
    }

    private static func of(_ properties: Unicode.Scalar.Properties) -> ScalarClass {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .letter
        case .decimalNumber, .letterNumber, .otherNumber: .number
        default: properties.isWhitespace ? .space : .other
        }
    }

    /// Decodes the character of two bytes or more that begins at an index; `nil` when it is malformed (Unicode,
    /// table 3-7).
    private static func scalar(_ text: borrowing Span<UInt8>, at index: Int) -> (Unicode.Scalar, Int)? {
        let lead = text[index]
        let length: Int
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return nil
        }
        guard index + length <= text.count else { return nil }
        var value = UInt32(lead) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            let byte = text[index + offset]
            guard byte & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        let lowest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
        guard value >= lowest, let scalar = Unicode.Scalar(value) else { return nil }
        return (scalar, length)
    }
}

/// Reads the JSON text of arguments byte by byte and gives the escapes in its strings decoded; all else stays as it is.
///
/// So a file that a model writes through a tool call is looked at as the file it will be, and repetition outside
/// strings is seen all the same. The state survives any cut between two deltas, in the middle of an escape too.
/// Text that is not JSON passes through: judging syntax is not the task here.
struct ArgumentText: Sendable {
    /// Up to eight decoded bytes, the first in the lowest place.
    struct Decoded {
        private(set) var count = 0
        private var bytes: UInt64 = 0

        subscript(index: Int) -> UInt8 { UInt8(truncatingIfNeeded: bytes >> UInt64(index * 8)) }

        fileprivate mutating func append(_ byte: UInt8) {
            bytes |= UInt64(byte) << UInt64(count * 8)
            count += 1
        }

        fileprivate mutating func append(scalar code: UInt32) {
            for byte in UTF8.encode(Unicode.Scalar(code) ?? "\u{FFFD}")! { append(byte) }
        }
    }

    private enum State {
        case outside
        case string
        case escape
        case unicode(digits: Int, code: UInt32)
    }

    private var state = State.outside
    /// The first half of a surrogate pair, until the second has come.
    private var highSurrogate: UInt32 = 0

    /// Whether the next byte belongs to a string.
    var isInString: Bool { if case .outside = state { false } else { true } }

    /// How many of the first bytes stay as they are and change nothing: none in the middle of an escape.
    func plainPrefix(of text: Span<UInt8>) -> Int {
        let isString: Bool
        switch state {
        case .outside: isString = false
        case .string where highSurrogate == 0: isString = true
        default: return 0
        }
        var index = 0
        while index < text.count, text[index] != UInt8(ascii: "\""), !isString || text[index] != UInt8(ascii: "\\") {
            index += 1
        }
        return index
    }

    /// Takes a byte of JSON in.
    mutating func next(_ byte: UInt8) -> Decoded {
        var out = Decoded()
        switch state {
        case .outside:
            if byte == UInt8(ascii: "\"") { state = .string }
            out.append(byte)
        case .string:
            if byte == UInt8(ascii: "\\") {
                state = .escape
            } else {
                if byte == UInt8(ascii: "\"") { state = .outside }
                giveUpSurrogate(&out)
                out.append(byte)
            }
        case .escape:
            if byte == UInt8(ascii: "u") {
                state = .unicode(digits: 0, code: 0)
            } else {
                state = .string
                giveUpSurrogate(&out)
                out.append(Self.character(byte))
            }
        case .unicode(let digits, let code):
            guard let digit = Self.hexDigit(byte) else {
                state = byte == UInt8(ascii: "\"") ? .outside : byte == UInt8(ascii: "\\") ? .escape : .string
                giveUpSurrogate(&out)
                out.append(scalar: 0xFFFD)
                if byte != UInt8(ascii: "\\") { out.append(byte) }
                return out
            }
            if digits < 3 {
                state = .unicode(digits: digits + 1, code: code << 4 | digit)
            } else {
                state = .string
                take(code << 4 | digit, &out)
            }
        }
        return out
    }

    private mutating func take(_ code: UInt32, _ out: inout Decoded) {
        if highSurrogate != 0, code >= 0xDC00, code <= 0xDFFF {
            out.append(scalar: 0x10000 + (highSurrogate - 0xD800) << 10 + (code - 0xDC00))
            highSurrogate = 0
            return
        }
        giveUpSurrogate(&out)
        if code >= 0xD800, code < 0xDC00 {
            highSurrogate = code
        } else {
            out.append(scalar: code)
        }
    }

    private mutating func giveUpSurrogate(_ out: inout Decoded) {
        guard highSurrogate != 0 else { return }
        highSurrogate = 0
        out.append(scalar: 0xFFFD)
    }

    private static func character(_ escape: UInt8) -> UInt8 {
        switch escape {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: escape
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}

/// Finds where lines and sentences end: a line at its newline; a sentence at white space behind `.`, `!` or `?`, or at
/// `。`, `！`, `？` by themselves.
struct TextBoundary: Sendable {
    /// What ends with the last byte that was read.
    enum Ending {
        case nothing
        case sentence
        case line
    }

    private var afterTerminator = false
    /// The last bytes, the newest lowest. Only three bytes beyond ASCII in a row matter, so that an ASCII byte clears it.
    private var lastBytes: UInt32 = 0

    /// Reads up to a boundary, or up to `limit` bytes, and says how many bytes that were. The end of a line is no part
    /// of a sentence's punctuation: it leaves the state as it is.
    mutating func read(_ text: Span<UInt8>, atMost limit: Int) -> (count: Int, ending: Ending) {
        var index = 0
        while index < limit {
            let byte = text[index]
            index += 1
            // Letters come first: they are most of most text.
            if byte &- 0x40 < 0x40 {
                afterTerminator = false
                lastBytes = 0
                continue
            }
            if byte >= 0x80 {
                afterTerminator = false
                lastBytes = lastBytes << 8 | UInt32(byte)
                if Self.isFullWidthTerminator(lastBytes & 0xFF_FFFF) { return (index, .sentence) }
                continue
            }
            if byte == 0x0A { return (index, .line) }
            lastBytes = 0
            if Self.contains(Self.blanks, byte) {
                if afterTerminator {
                    afterTerminator = false
                    return (index, .sentence)
                }
            } else if Self.contains(Self.terminators, byte) {
                afterTerminator = true
            } else if afterTerminator {
                afterTerminator = Self.contains(Self.closers, byte)
            }
        }
        return (index, .nothing)
    }

    private static func isFullWidthTerminator(_ bytes: UInt32) -> Bool {
        bytes == 0xE38082 || bytes == 0xEFBC81 || bytes == 0xEFBC9F
    }

    // Sets of bytes below 64, one bit each.
    private static let blanks: UInt64 = 1 << 0x20 | 1 << 0x09 | 1 << 0x0D
    /// `!`, `.` and `?`.
    private static let terminators: UInt64 = 1 << 0x21 | 1 << 0x2E | 1 << 0x3F
    /// `"`, `'`, `)` and `*`, which may stand between a terminator and the blank.
    private static let closers: UInt64 = 1 << 0x22 | 1 << 0x27 | 1 << 0x29 | 1 << 0x2A

    private static func contains(_ set: UInt64, _ byte: UInt8) -> Bool { byte < 64 && set >> UInt64(byte) & 1 == 1 }
}

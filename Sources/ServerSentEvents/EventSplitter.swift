/// How the events of a stream are told apart.
public enum Framing: Sendable {
    /// Server-sent events: fields on lines, a blank line after each event.
    case events
    /// One event on each line (NDJSON), as Ollama streams.
    case lines
}

/// Finds where server-sent events end in a stream of bytes, however the stream is cut into reads.
///
/// An event ends after the blank line that dispatches it (WHATWG HTML §9.2.6: lines end with CR, LF or CRLF). A comment
/// line that stands before any field also counts as an end, so that a keep-alive without a blank line is never held
/// back. The splitter keeps no bytes: it remembers a few flags between calls, and every byte belongs to exactly one
/// event, so the events laid end to end are the stream again. In a stream of lines every line is an event.
public struct EventSplitter: Sendable {
    private var lineIsEmpty = true
    private var lineIsComment = false
    private var blockHasField = false
    /// A line ended with CR at the end of the last call: a LF that comes first belongs to that line end.
    private var lineFeedMayFollow = false
    private let framing: Framing

    /// Starts at the beginning of a stream.
    public init(framing: Framing = .events) { self.framing = framing }

    /// Whether everything seen so far ends at the end of an event.
    public var isBetweenEvents: Bool { lineIsEmpty && !blockHasField }

    /// Moves `index` forward to the end of the next event and returns true, or to the end of `bytes` and returns false.
    /// The same bytes must not be passed twice.
    public mutating func advance(_ index: inout Int, in bytes: borrowing Span<UInt8>) -> Bool {
        let end = bytes.count
        if lineFeedMayFollow, index < end {
            lineFeedMayFollow = false
            if bytes[index] == 0x0A { index += 1 }
        }
        while index < end {
            if lineIsEmpty {
                let first = bytes[index]
                if first != 0x0A, first != 0x0D {
                    lineIsEmpty = false
                    lineIsComment = first == UInt8(ascii: ":")
                }
            }
            guard let lineEnd = bytes.firstLineEnd(from: index) else {
                index = end
                return false
            }
            index = lineEnd + 1
            if bytes[lineEnd] == 0x0D {
                if index == end {
                    lineFeedMayFollow = true
                } else if bytes[index] == 0x0A {
                    index += 1
                }
            }
            if endLine() { return true }
        }
        return false
    }

    /// Notes the end of a line; true when it ends an event.
    private mutating func endLine() -> Bool {
        let wasEmpty = lineIsEmpty
        lineIsEmpty = true
        if wasEmpty || framing == .lines {
            blockHasField = false
            return true
        }
        if lineIsComment { return !blockHasField }
        blockHasField = true
        return false
    }
}

extension Span<UInt8> {
    /// The index of the next CR or LF at or after `start`.
    ///
    /// Eight bytes at a time: subtracting 1 from a zero byte borrows into its top bit, and the lowest such bit is never a
    /// borrow from below (Hacker's Delight, §6-1).
    func firstLineEnd(from start: Int) -> Int? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        return withUnsafeBytes { buffer in
            var index = start
            let end = buffer.count
            // The load stays inside the buffer: eight bytes are left.
            while index + 8 <= end {
                let word = UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let carriageReturn = word ^ (ones &* 0x0D)
                let lineFeed = word ^ (ones &* 0x0A)
                let hits =
                    (((carriageReturn &- ones) & ~carriageReturn) | ((lineFeed &- ones) & ~lineFeed)) & (ones &* 0x80)
                if hits != 0 { return index + hits.trailingZeroBitCount / 8 }
                index += 8
            }
            while index < end {
                if buffer[index] == 0x0A || buffer[index] == 0x0D { return index }
                index += 1
            }
            return nil
        }
    }
}

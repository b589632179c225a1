/// The fields of one server-sent event that matter to its reader.
public struct EventFields: Sendable, Equatable {
    /// Where the event's data is.
    public enum Data: Sendable, Equatable {
        /// The event has none: a comment, a keep-alive, a lone `event:` or `retry:`.
        case none
        /// One `data:` line; the range of its value in the event.
        case line(Range<Int>)
        /// Several `data:` lines, joined by LF in the buffer that was passed in.
        case joined
    }

    /// The data.
    public var data = Data.none
    /// The value of the `event:` field.
    public var name: Range<Int>?
    /// Whether the event has an `id:` field.
    public var hasID = false

    /// Reads the fields of one event as ``EventSplitter`` cut it.
    /// - Parameters:
    ///   - event: The bytes of the event, with its line ends. A byte order mark in front is skipped, as is the LF of a
    ///     CRLF that was cut.
    ///   - joined: Filled with the joined data when the event has several `data:` lines; untouched otherwise.
    public init(_ event: borrowing Span<UInt8>, joined: inout [UInt8]) {
        var index = 0
        let end = event.count
        if end >= 3, event[0] == 0xEF, event[1] == 0xBB, event[2] == 0xBF { index = 3 }
        while index < end {
            let lineEnd = event.firstLineEnd(from: index) ?? end
            if lineEnd > index { read(event, index..<lineEnd, joined: &joined) }
            index = lineEnd + 1
        }
    }

    /// Reads the one line of an event of a stream of lines: all of it but the whitespace around it is data.
    public init(line event: borrowing Span<UInt8>) {
        var start = 0
        var end = event.count
        if end >= 3, event[0] == 0xEF, event[1] == 0xBB, event[2] == 0xBF { start = 3 }
        while start < end, event[start] <= 0x20 { start += 1 }
        while end > start, event[end - 1] <= 0x20 { end -= 1 }
        if start < end { data = .line(start..<end) }
    }

    private mutating func read(_ event: borrowing Span<UInt8>, _ line: Range<Int>, joined: inout [UInt8]) {
        var colon = line.lowerBound
        while colon < line.upperBound, event[colon] != UInt8(ascii: ":") { colon += 1 }
        guard colon > line.lowerBound else { return }
        var value = min(colon + 1, line.upperBound)
        if value < line.upperBound, event[value] == 0x20 { value += 1 }
        let field = line.lowerBound..<colon
        if event.isWord(field, "data") {
            add(event, value..<line.upperBound, joined: &joined)
        } else if event.isWord(field, "event") {
            name = value..<line.upperBound
        } else if event.isWord(field, "id") {
            hasID = true
        }
    }

    private mutating func add(_ event: borrowing Span<UInt8>, _ value: Range<Int>, joined: inout [UInt8]) {
        switch data {
        case .none:
            data = .line(value)
            return
        case .line(let first):
            joined.removeAll(keepingCapacity: true)
            event.extracting(first).withUnsafeBufferPointer { joined.append(contentsOf: $0) }
            data = .joined
        case .joined: break
        }
        joined.append(0x0A)
        event.extracting(value).withUnsafeBufferPointer { joined.append(contentsOf: $0) }
    }
}

extension Span<UInt8> {
    /// Whether the bytes in `range` are those of an ASCII word.
    fileprivate func isWord(_ range: Range<Int>, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        // A static string's bytes live as long as the program, and the index stays below their count.
        let start = word.utf8Start
        for offset in 0..<range.count where self[range.lowerBound + offset] != start[offset] { return false }
        return true
    }
}

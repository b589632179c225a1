/// A line as it is compared: in lower case, runs of white space as one space, without the marks of lists and quotations
/// that it begins with and without white space at its ends.
struct FoldedLine: Sendable {
    /// The folded text.
    private(set) var bytes: [UInt8] = []
    /// How many letters it has.
    private(set) var letters = 0

    /// XXH3 of the folded text.
    var hash: UInt64 { xxh3(bytes.span) }

    /// Gives memory back that a very long line has taken.
    mutating func shrink() { if bytes.capacity > Self.usual { bytes = [] } }

    /// Lines are rarely longer than this, in bytes.
    private static let usual = 2_048
    /// How many bytes are folded before room for what they become is made again: enough that this does not matter, so few
    /// that the room does not either.
    private static let stretch = 256

    /// Folds a line that stands in the tail of a channel.
    mutating func fold(_ tail: ChannelTail, _ indices: Range<Int>) {
        let line = tail.bytes.span.extracting(indices)
        var letters = 0
        bytes.removeAll(keepingCapacity: true)
        var pendingSpace = false
        var index = 0
        while index < line.count {
            // A byte that is not UTF-8 becomes three; nothing else grows as much.
            let end = min(index + Self.stretch, line.count)
            let isFirst = bytes.isEmpty
            bytes.append(addingCapacity: (end + 3 - index) * 3) { folded in
                while index < end {
                    var next = index
                    if isFirst, folded.isEmpty {
                        while next < end, Self.isMark(line[next]) { next += 1 }
                        index = next
                        if index == end { continue }
                    }
                    while next < end, line[next] > 0x20, line[next] < 0x80 {
                        if pendingSpace { folded.append(0x20) }
                        pendingSpace = false
                        if line[next].isASCIILetter { letters += 1 }
                        folded.append(line[next].asciiLowercased)
                        next += 1
                    }
                    if next > index {
                        index = next
                        continue
                    }
                    let scalar = line.scalar(at: &index)
                    if scalar.isSpace {
                        pendingSpace = !(isFirst && folded.isEmpty)
                        continue
                    }
                    if pendingSpace { folded.append(0x20) }
                    pendingSpace = false
                    if scalar.isLetter { letters += 1 }
                    scalar.appendFolded(to: &folded)
                }
            }
        }
        self.letters = letters
    }

    /// Whether a byte may stand before a line that is quoted or listed, at any depth.
    private static func isMark(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ">") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "*") || byte == 0x20
    }

    /// Replaces every run of ASCII digits by one `#`. Returns whether there was any.
    mutating func collapseDigits() -> Bool {
        guard let first = bytes.firstIndex(where: \.isASCIIDigit) else { return false }
        var written = first
        var inDigits = false
        var places = bytes.mutableSpan
        for index in first..<places.count {
            let byte = places[index]
            let isDigit = byte.isASCIIDigit
            if isDigit, inDigits { continue }
            places[written] = isDigit ? UInt8(ascii: "#") : byte
            written += 1
            inDigits = isDigit
        }
        bytes.removeLast(bytes.count - written)
        return true
    }
}

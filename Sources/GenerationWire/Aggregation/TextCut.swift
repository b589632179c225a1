/// Where a text that ends in a loop is cut, so that one copy of what is repeated stays: at the earlier of two places.
public struct TextCut: Sendable, Equatable {
    /// After so many bytes of UTF-8, where it is known how far the loop lies in the past.
    public var bytes: Int?
    /// Before the lines and sentences at the end that all occur earlier in the text.
    public var repeats: Repeats?

    /// When two lines or sentences are the same.
    public enum Repeats: Sendable, Equatable {
        /// When they are equal but for the whitespace around them.
        case equal
        /// The same, with all runs of digits taken for equal.
        case numbered
    }

    /// Creates a cut.
    public init(bytes: Int? = nil, repeats: Repeats? = nil) {
        self.bytes = bytes
        self.repeats = repeats
    }

    /// How many bytes of the text stay. Always at a character's boundary.
    func kept(of text: ArraySlice<UInt8>) -> Int {
        var end = text.startIndex + min(max(bytes ?? text.count, 0), text.count)
        while end > text.startIndex, end < text.endIndex, text[end] & 0xC0 == 0x80 { end -= 1 }
        return min(end - text.startIndex, repeats.map { Self.firstCopy(of: text, $0) } ?? text.count)
    }

    /// Walks back over segments as long as each has been there before, blank ones along with their neighbours.
    private static func firstCopy(of text: ArraySlice<UInt8>, _ sameness: Repeats) -> Int {
        let segments = segments(of: text)
        let folded = segments.map { sameness == .equal ? trimmed($0) : withoutDigits(trimmed($0)) }
        var seen: Set<ArraySlice<UInt8>> = []
        var isRepeat = folded.map { $0.isEmpty || !seen.insert($0).inserted }
        // The last segment may be cut: it is a repeat when an earlier one begins with it.
        if let last = folded.last, folded.count > 1, !isRepeat[folded.count - 1] {
            isRepeat[folded.count - 1] = folded.dropLast().contains { $0.starts(with: last) }
        }
        guard let lastNew = isRepeat.lastIndex(of: false), lastNew + 1 < segments.count else { return text.count }
        return trimmed(segments[lastNew]).endIndex - text.startIndex
    }

    /// The text in pieces that end with a line, or with a sentence and the space after it.
    private static func segments(of text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var segments: [ArraySlice<UInt8>] = []
        var start = text.startIndex
        for index in text.indices {
            let endsSentence = text[index] == 0x20 && index > start && ".!?".utf8.contains(text[index - 1])
            guard text[index] == 0x0A || endsSentence else { continue }
            segments.append(text[start...index])
            start = index + 1
        }
        if start < text.endIndex { segments.append(text[start...]) }
        return segments
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = line.firstIndex { $0 > 0x20 } ?? line.endIndex
        let end = line.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? start
        return line[start..<end]
    }

    private static func withoutDigits(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var folded: [UInt8] = []
        for byte in line {
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            let next = isDigit ? UInt8(ascii: "0") : byte
            if !isDigit || folded.last != next { folded.append(next) }
        }
        return folded[...]
    }

    /// Cuts a text that stands in several strings, one after the other.
    func apply(to strings: [JSONTree]) -> [JSONTree] {
        let texts = strings.map(\.text)
        var left = kept(of: texts.flatMap(\.self)[...])
        return zip(strings, texts).map { string, text in
            defer { left = max(0, left - text.count) }
            return left >= text.count ? string : JSONTree(text: text[..<left])
        }
    }

    /// Cuts one channel of a text that may begin with the model's thoughts between `<think>` tags. What follows the
    /// closing tag stays when the thoughts are cut.
    func apply(_ channel: TextChannel, toTagged string: JSONTree) -> JSONTree {
        let text = string.text
        let start = text.firstIndex { $0 > 0x20 } ?? 0
        guard text[start...].starts(with: "<think>".utf8) else {
            return channel == .content ? apply(to: [string])[0] : string
        }
        let thoughts = start + 7
        let closing = Self.firstIndex(of: Array("</think>".utf8), in: text, from: thoughts)
        let part: Range<Int>
        switch (channel, closing) {
        case (.reasoning, _): part = thoughts..<(closing ?? text.count)
        case (.content, let closing?): part = closing + 8..<text.count
        case (.content, nil): return string
        }
        let end = part.lowerBound + kept(of: text[part])
        return JSONTree(text: text[..<end] + text[part.upperBound...])
    }

    private static func firstIndex(of word: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + word.count <= text.count {
            if text[index..<index + word.count].elementsEqual(word) { return index }
            index += 1
        }
        return nil
    }
}

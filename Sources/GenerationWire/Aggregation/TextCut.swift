/// Where a text that ends in a loop is cut, so that one copy of what is repeated stays.
public enum TextCut: Sendable, Equatable {
    /// After so many bytes of UTF-8.
    case bytes(Int)
    /// Before the lines at the end that all occur earlier in the text.
    case repeatedLines
    /// The same, with all runs of digits taken for equal.
    case numberedLines

    /// How many bytes of the text stay. Always at a character's boundary.
    func kept(of text: ArraySlice<UInt8>) -> Int {
        switch self {
        case .bytes(let count):
            var end = text.startIndex + min(max(count, 0), text.count)
            while end > text.startIndex, end < text.endIndex, text[end] & 0xC0 == 0x80 { end -= 1 }
            return end - text.startIndex
        case .repeatedLines: return Self.firstCopy(of: text) { $0 }
        case .numberedLines: return Self.firstCopy(of: text, Self.withoutDigits)
        }
    }

    /// Walks back over lines as long as each has been there before, blank ones along with their neighbours.
    private static func firstCopy(
        of text: ArraySlice<UInt8>,
        _ fold: (ArraySlice<UInt8>) -> ArraySlice<UInt8>
    ) -> Int {
        let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false)
        var seen: Set<ArraySlice<UInt8>> = []
        // The last line may be cut: it is a repeat when an earlier one begins with it.
        var isRepeat = lines.map { line in
            let folded = fold(trimmed(line))
            return folded.isEmpty || !seen.insert(folded).inserted
        }
        if let last = lines.last, let place = isRepeat.indices.last, place > 0 {
            let folded = fold(trimmed(last))
            isRepeat[place] = isRepeat[place] || lines.dropLast().contains { fold(trimmed($0)).starts(with: folded) }
        }
        guard let lastNew = isRepeat.lastIndex(of: false) else { return text.count }
        guard lastNew + 1 < lines.count else { return text.count }
        return lines[lastNew].endIndex - text.startIndex
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

/// Cuts a text into the words within which a byte-level tokenizer merges bytes.
///
/// These are the patterns that tokenizers have in common, matched by hand: `\s+(?!\S)` needs a look ahead that costs
/// nothing here, and a regular expression engine would take most of the time of encoding.
struct WordSplitter: Equatable {
    /// Which pattern.
    var pattern: Pattern
    /// Whether each digit is cut off first (`Digits` with `individual_digits`).
    var isolatesDigits = false
    /// Whether a text that does not begin with a space gets one.
    var addsSpace = false

    enum Pattern: Equatable {
        /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
        case gpt2
        /// Llama 3's with three digits at most in a word, and Qwen 2's with one:
        /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|`
        /// `\s+(?!\S)|\s+`
        case llama3(digits: Int)

        init?(regex: String) {
            let tail = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
            let llama3 = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"#
            switch regex {
            case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: self = .gpt2
            case llama3 + #"\p{N}{1,3}"# + tail: self = .llama3(digits: 3)
            case llama3 + #"\p{N}"# + tail: self = .llama3(digits: 1)
            default: return nil
            }
        }
    }

    /// Calls `body` with each word of a part of a text, in order; together they are the part.
    func forEachWord(_ text: borrowing Span<UInt8>, _ part: Range<Int>, _ body: (Range<Int>) -> Void) {
        guard isolatesDigits else { return split(text, part, body) }
        var start = part.lowerBound
        var index = start
        while index < part.upperBound {
            let (kind, length) = ScalarClass.of(text, at: index)
            if kind == .number {
                split(text, start..<index, body)
                body(index..<index + length)
                start = index + length
            }
            index += length
        }
        split(text, start..<part.upperBound, body)
    }

    private func split(_ text: borrowing Span<UInt8>, _ part: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = part.lowerBound
        while start < part.upperBound {
            let end =
                switch pattern {
                case .gpt2: gpt2(text, start, part.upperBound)
                case .llama3(let digits): llama3(text, start, part.upperBound, digits: digits)
                }
            body(start..<end)
            start = end
        }
    }

    /// Where the word that begins at `start` ends.
    private func gpt2(_ text: borrowing Span<UInt8>, _ start: Int, _ limit: Int) -> Int {
        if let end = contraction(text, start, limit, ignoringCase: false) { return end }
        let body = text[start] == UInt8(ascii: " ") ? start + 1 : start
        if body < limit {
            let (kind, _) = ScalarClass.of(text, at: body)
            if kind == .letter || kind == .number || kind == .other { return run(of: kind, text, body, limit) }
        }
        return whitespace(text, start, limit).end
    }

    private func llama3(_ text: borrowing Span<UInt8>, _ start: Int, _ limit: Int, digits: Int) -> Int {
        if let end = contraction(text, start, limit, ignoringCase: true) { return end }
        let (kind, length) = ScalarClass.of(text, at: start)
        let next = start + length
        switch kind {
        case .letter: return run(of: .letter, text, start, limit)
        case .number: return run(of: .number, text, start, limit, atMost: digits)
        case .space, .other:
            if next < limit, ScalarClass.of(text, at: next).class == .letter {
                return run(of: .letter, text, next, limit)
            }
        case .newline: break
        }
        let body = text[start] == UInt8(ascii: " ") ? next : start
        if body < limit, ScalarClass.of(text, at: body).class == .other {
            return run(of: .newline, text, run(of: .other, text, body, limit), limit)
        }
        let (end, lastNewline) = whitespace(text, start, limit)
        return lastNewline ?? end
    }

    /// Where the characters of one class end.
    private func run(
        of kind: ScalarClass,
        _ text: borrowing Span<UInt8>,
        _ start: Int,
        _ limit: Int,
        atMost count: Int = .max
    ) -> Int {
        var index = start
        var rest = count
        while index < limit, rest > 0 {
            let (next, length) = ScalarClass.of(text, at: index)
            if next != kind { break }
            index += length
            rest -= 1
        }
        return index
    }

    /// Where whitespace ends as a word: the last character of it belongs to the word that follows, if one does and it
    /// is not all there is. Also where its last newline ends.
    private func whitespace(_ text: borrowing Span<UInt8>, _ start: Int, _ limit: Int) -> (end: Int, lastNewline: Int?)
    {
        var index = start
        var last = start
        var lastNewline: Int?
        while index < limit {
            let (kind, length) = ScalarClass.of(text, at: index)
            guard kind == .space || kind == .newline else { break }
            last = index
            index += length
            if kind == .newline { lastNewline = index }
        }
        return (index < limit && last > start ? last : index, lastNewline)
    }

    /// The end of an English contraction such as `'re`.
    private func contraction(
        _ text: borrowing Span<UInt8>,
        _ start: Int,
        _ limit: Int,
        ignoringCase: Bool
    ) -> Int? {
        guard text[start] == UInt8(ascii: "'"), start + 1 < limit else { return nil }
        let fold: UInt8 = ignoringCase ? 0x20 : 0
        let first = text[start + 1] | fold
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        default: break
        }
        guard start + 2 < limit else { return nil }
        let second = text[start + 2] | fold
        switch (first, second) {
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        case (0xC5 | fold, 0xBF) where ignoringCase && text[start + 1] == 0xC5:
            return start + 3  // The long s, which is an s to whom case means nothing.
        default: return nil
        }
    }
}

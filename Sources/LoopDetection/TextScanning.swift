extension Span<UInt8> {
    /// Reads the scalar at `index` and moves behind it. A byte that begins no well-formed sequence reads as U+FFFD.
    func scalar(at index: inout Int) -> Unicode.Scalar {
        let first = self[index]
        index += 1
        if first < 0x80 { return Unicode.Scalar(first) }
        let length = first < 0xC2 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF5 ? 3 : 0
        guard length > 0, index + length <= count else { return "\u{FFFD}" }
        var code = UInt32(first) & (0x3F >> UInt32(length))
        for offset in 0..<length {
            let byte = self[index + offset]
            guard byte & 0xC0 == 0x80 else { return "\u{FFFD}" }
            code = code << 6 | UInt32(byte & 0x3F)
        }
        guard let scalar = Unicode.Scalar(code) else { return "\u{FFFD}" }
        index += length
        return scalar
    }
}

extension Unicode.Scalar {
    /// Whether this is a letter; punctuation, digits and box drawing are none.
    var isLetter: Bool {
        if value < 0x80 { return (value | 0x20) &- 0x61 < 26 }
        return isCaselessLetter || properties.isAlphabetic
    }

    /// Whether this is a decimal digit or another number.
    var isDigit: Bool {
        if value < 0x80 { return value &- 0x30 < 10 }
        return !isCaselessLetter && properties.numericType == .decimal
    }

    /// Whether this is white space.
    var isSpace: Bool {
        if value < 0x80 { return value == 0x20 || value &- 0x09 < 5 }
        return value == 0xA0 || value == 0x3000 || value &- 0x2000 < 11
    }

    /// Whether the script of this letter is written without spaces, so that characters have to stand in for words:
    /// Han, kana, Thai, Lao, Burmese, Khmer.
    var isUnspaced: Bool {
        switch value {
        case 0x3041...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF: true
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF: properties.isAlphabetic
        default: false
        }
    }

    /// Han, kana and Hangul, by far the most frequent letters without case: spares the look-up in the Unicode tables.
    private var isCaselessLetter: Bool {
        switch value {
        case 0x3041...0x3096, 0x30A1...0x30FA, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3: true
        default: false
        }
    }

    /// Appends the lower case of this scalar as UTF-8.
    func appendFolded(to bytes: inout [UInt8]) {
        if value < 0x80 {
            bytes.append(value &- 0x41 < 26 ? UInt8(value) | 0x20 : UInt8(value))
        } else if isCaselessLetter {
            bytes.append(contentsOf: UTF8.encode(self)!)
        } else {
            bytes.append(contentsOf: properties.lowercaseMapping.utf8)
        }
    }
}

/// A line as it is compared: trimmed, in lower case, runs of white space as one space.
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

    /// Folds a line that stands in the tail of a channel.
    mutating func fold(_ tail: ChannelTail, _ indices: Range<Int>) {
        let line = tail.bytes.span.extracting(indices)
        bytes.removeAll(keepingCapacity: true)
        letters = 0
        var pendingSpace = false
        var index = 0
        while index < line.count {
            let scalar = line.scalar(at: &index)
            if scalar.isSpace {
                pendingSpace = !bytes.isEmpty
                continue
            }
            if pendingSpace { bytes.append(0x20) }
            pendingSpace = false
            if scalar.isLetter { letters += 1 }
            scalar.appendFolded(to: &bytes)
        }
    }

    /// Replaces every run of ASCII digits by one `#`. Returns whether there was any.
    mutating func collapseDigits() -> Bool {
        var written = 0
        var inDigits = false
        var found = false
        for index in bytes.indices {
            let isDigit = bytes[index] &- 0x30 < 10
            if isDigit, inDigits { continue }
            bytes[written] = isDigit ? UInt8(ascii: "#") : bytes[index]
            written += 1
            inDigits = isDigit
            found = found || isDigit
        }
        bytes.removeLast(bytes.count - written)
        return found
    }
}

/// The words of a piece of text in lower case. A letter of a script without spaces is a word of its own.
struct FoldedWords: Sendable {
    /// A word: its place in ``text``.
    struct Word {
        /// What the word is made of.
        enum Kind {
            /// Letters, perhaps with digits.
            case letters
            /// Digits only.
            case number
            /// One letter of a script without spaces.
            case unspaced
        }

        // A piece is at most a line of 8 KiB; lower case and the spaces between make it a few times longer, not eight.
        var start: UInt16
        var end: UInt16
        var kind: Kind
    }

    /// The words, one space between two.
    private(set) var text: [UInt8] = []
    private(set) var words: [Word] = []
    /// All characters that were read.
    private(set) var characters = 0
    /// Those of them that are letters or white space.
    private(set) var lettersAndSpaces = 0

    /// Reads a piece of the tail of a channel, up to a number of words.
    mutating func read(_ tail: ChannelTail, _ indices: Range<Int>, atMost limit: Int = .max) {
        let piece = tail.bytes.span.extracting(indices)
        text.removeAll(keepingCapacity: true)
        words.removeAll(keepingCapacity: true)
        characters = 0
        lettersAndSpaces = 0
        var inWord = false
        var index = 0
        while index < piece.count, words.count < limit {
            let scalar = piece.scalar(at: &index)
            characters += 1
            let isLetter = scalar.isLetter
            if isLetter || scalar.isSpace { lettersAndSpaces += 1 }
            if isLetter, scalar.isUnspaced {
                begin(.unspaced, with: scalar)
                inWord = false
            } else if isLetter || scalar.isDigit {
                if !inWord {
                    begin(isLetter ? .letters : .number, with: scalar)
                    inWord = true
                } else {
                    scalar.appendFolded(to: &text)
                    words[words.count - 1].end = UInt16(text.count)
                    if isLetter { words[words.count - 1].kind = .letters }
                }
            } else if scalar != "'", scalar != "\u{2019}" {
                inWord = false
            }
        }
    }

    private mutating func begin(_ kind: Word.Kind, with scalar: Unicode.Scalar) {
        if !words.isEmpty { text.append(0x20) }
        let start = UInt16(text.count)
        scalar.appendFolded(to: &text)
        words.append(Word(start: start, end: UInt16(text.count), kind: kind))
    }

    /// XXH3 of the words from one to another, as they stand in ``text``.
    func hash(from first: Int, through last: Int) -> UInt64 {
        xxh3(text.span.extracting(Int(words[first].start)..<Int(words[last].end)))
    }
}

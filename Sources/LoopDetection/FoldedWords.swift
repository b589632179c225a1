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

    /// Reads a piece of the tail of a channel, up to a number of words; of the last one of that number only the first
    /// character.
    mutating func read(_ tail: ChannelTail, _ indices: Range<Int>, atMost limit: Int = .max) {
        let piece = tail.bytes.span.extracting(indices)
        var words: [Word] = []
        swap(&words, &self.words)
        words.removeAll(keepingCapacity: true)
        var characters = 0
        var lettersAndSpaces = 0
        text.removeAll(keepingCapacity: true)
        /// The kind of the word that is being read; `nil` between words.
        var open: Word.Kind?
        var index = 0
        while index < piece.count, words.count < limit {
            // Two bytes may become three, and the word that they are needs a space before it: a stretch at most doubles,
            // with the character that it may cut in two.
            let end = min(index + Self.stretch, piece.count)
            let written = text.count
            text.append(addingCapacity: (end + 3 - index) * 2) { text in
                while index < end, words.count < limit {
                    // Nearly all of most text is small letters and spaces, hence they come first.
                    let byte = piece[index]
                    if byte.isASCIILetter {
                        let start = index
                        if open == nil { Self.begin(&words, &text, behind: written) }
                        open = .letters
                        let stop = words.count < limit ? end : start + 1
                        var next = start
                        while next < stop, piece[next].isASCIILetter {
                            text.append(piece[next] | 0x20)
                            next += 1
                        }
                        characters += next - start
                        lettersAndSpaces += next - start
                        index = next
                        continue
                    }
                    if byte == 0x20 {
                        index += 1
                        characters += 1
                        lettersAndSpaces += 1
                        if let kind = open { Self.end(&words, written + text.count, kind) }
                        open = nil
                        continue
                    }
                    if byte.isASCIIDigit {
                        if open == nil { Self.begin(&words, &text, behind: written) }
                        open = open ?? .number
                        text.append(byte)
                        index += 1
                        characters += 1
                        continue
                    }
                    if byte < 0x80 {
                        index += 1
                        characters += 1
                        if byte &- 0x09 < 5 { lettersAndSpaces += 1 }
                        if byte != UInt8(ascii: "'"), let kind = open {
                            Self.end(&words, written + text.count, kind)
                            open = nil
                        }
                        continue
                    }
                    let scalar = piece.scalar(at: &index)
                    characters += 1
                    let isLetter = scalar.isLetter
                    if isLetter || scalar.isSpace { lettersAndSpaces += 1 }
                    if isLetter, scalar.isUnspaced {
                        if let kind = open { Self.end(&words, written + text.count, kind) }
                        open = nil
                        Self.begin(&words, &text, behind: written)
                        scalar.appendFolded(to: &text)
                        Self.end(&words, written + text.count, .unspaced)
                    } else if isLetter || scalar.isDigit {
                        if open == nil { Self.begin(&words, &text, behind: written) }
                        open = isLetter ? .letters : open ?? .number
                        scalar.appendFolded(to: &text)
                    } else if scalar != "'", scalar != "\u{2019}", let kind = open {
                        Self.end(&words, written + text.count, kind)
                        open = nil
                    }
                }
            }
        }
        if let kind = open { Self.end(&words, text.count, kind) }
        swap(&words, &self.words)
        self.characters = characters
        self.lettersAndSpaces = lettersAndSpaces
    }

    /// How many bytes are read before room for what they become is made again: enough that this does not matter, so few
    /// that the room does not either.
    private static let stretch = 256

    @inline(__always)
    private static func begin(_ words: inout [Word], _ text: inout OutputSpan<UInt8>, behind written: Int) {
        if !words.isEmpty { text.append(0x20) }
        words.append(Word(start: UInt16(written + text.count), end: 0, kind: .number))
    }

    private static func end(_ words: inout [Word], _ end: Int, _ kind: Word.Kind) {
        words[words.count - 1].end = UInt16(end)
        words[words.count - 1].kind = kind
    }

    /// XXH3 of the words from one to another, as they stand in ``text``.
    func hash(from first: Int, through last: Int) -> UInt64 {
        xxh3(text.span.extracting(Int(words[first].start)..<Int(words[last].end)))
    }
}

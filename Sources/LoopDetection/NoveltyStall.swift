/// `novelty_stall`: one segment after another brings hardly a new word and nothing concrete.
///
/// Reworded repetition ("I'll do it. I'll start now.") has no period and few equal sentences, but its vocabulary is
/// exhausted. A segment ends after a few hundred characters, or at a blank line when it is half full. Code, headings and titles are dropped,
/// numbers do not count as words, and a new path, identifier or quoted name is progress whatever the words are. Text
/// that is mostly no letters, tables of figures for example, is not judged at all: it ends the run of stalls.
///
/// Eight short steps of a calculation use the same words, and only their numbers tell them apart: so short paragraphs
/// make one segment together.
struct NoveltyStall: Sendable {
    private let settings: NoveltyStallSettings
    /// The hashes of the present segment: words even, concrete names odd.
    private var current: [UInt32] = []
    /// The sorted hashes of the segments before it, in a ring.
    private var recent: [[UInt32]] = []
    private var oldest = 0
    private var run = 0
    private var runStart = 0
    private var runCharacters = 0

    private var segmentStart = 0
    private var pieceStart = 0
    private var pieceCharacters = 0
    private var kept = 0
    private var dropped = 0
    private var lettersAndSpaces = 0
    private var normalised = 0

    /// The share of letters and white space that makes prose. Below it lie tables, formulas and data.
    private static let proseShare = 0.75
    /// How many characters a full segment waits for the end of a word.
    private static let patience = 64
    /// The longest concrete name that is looked at, in bytes.
    private static let longestName = 128

    /// Creates the detector.
    init(settings: NoveltyStallSettings) { self.settings = settings }

    /// The bytes of memory it holds on to.
    var stateBytes: Int { (current.capacity + recent.reduce(0) { $0 + $1.capacity }) * 4 }

    /// How many bytes may come before the segment can be full, at least one.
    var room: Int { max(1, settings.segmentLength - kept - pieceCharacters) }

    /// Whether the segment is full and may end before this byte.
    func isFull(before byte: UInt8) -> Bool {
        let characters = kept + pieceCharacters
        if characters < settings.segmentLength { return false }
        if byte <= 0x20 || (0xE3...0xEF).contains(byte) { return true }
        return characters >= settings.segmentLength + Self.patience && byte & 0xC0 != 0x80
    }

    /// Counts the first bytes of a text, part of the present piece.
    mutating func count(_ text: Span<UInt8>, _ count: Int) {
        for index in 0..<count where text[index] & 0xC0 != 0x80 { pieceCharacters += 1 }
    }

    /// Ends the present piece, a line or the part of a line that still fits, and keeps or drops it.
    mutating func endPiece(_ tail: ChannelTail, at end: Int, dropping: Bool, _ words: inout FoldedWords) {
        defer {
            pieceStart = end
            pieceCharacters = 0
        }
        if dropping {
            dropped += pieceCharacters
            return
        }
        let indices = tail.indices(of: pieceStart..<end)
        words.read(tail, indices)
        kept += words.characters
        lettersAndSpaces += words.lettersAndSpaces
        addWords(words)
        addNames(tail.bytes.span.extracting(indices))
    }

    /// Whether a blank line ends the present segment: only when it is half full. Short paragraphs are judged together,
    /// or eight of them would be compared with too little text to tell rewording from news.
    var mayEnd: Bool { 2 * (kept + dropped) >= settings.segmentLength }

    /// How far a verdict may go that has just been given: in visible text a stop takes more than a warning.
    func reach(_ mode: Mode, in kind: ChannelKind) -> Mode {
        kind == .content && runCharacters < settings.contentCharacters ? min(mode, .warn) : mode
    }

    /// Ends the segment and judges it, when a verdict is asked for.
    mutating func endSegment(_ tail: ChannelTail, at end: Int, judging: Bool) -> Evidence? {
        defer {
            current.removeAll(keepingCapacity: true)
            segmentStart = end
            kept = 0
            dropped = 0
            lettersAndSpaces = 0
            normalised = 0
        }
        guard kept + dropped >= settings.minimumLength else { return nil }
        guard Double(lettersAndSpaces) >= Self.proseShare * Double(kept + dropped) else {
            run = 0
            return nil
        }
        guard normalised >= settings.minimumLength else { return nil }
        current.sortAndUnique()
        let (novelty, hasNewName) = novelty()
        let isStalled = !recent.isEmpty && novelty <= settings.novelty && !hasNewName
        if !isStalled || run == 0 {
            runStart = segmentStart
            runCharacters = 0
        }
        run = isStalled ? run + 1 : 0
        runCharacters += kept
        remember()
        guard judging, run >= settings.segments, runCharacters >= settings.characters else { return nil }
        var evidence = Evidence()
        evidence.add("segments", run)
        evidence.add("characters", runCharacters)
        evidence.add("novelty", share: novelty)
        evidence.add("text", bytes: tail.bytes[tail.indices(of: segmentStart..<end)])
        evidence.add("start", runStart)
        return evidence
    }

    /// Words; in scripts without spaces, pairs of letters.
    private mutating func addWords(_ words: FoldedWords) {
        for (index, word) in words.words.enumerated() where word.kind != .number {
            normalised += word.kind == .unspaced ? 1 : Int(word.end - word.start) + 1
            var last = index
            if word.kind == .unspaced, index + 1 < words.words.count, words.words[index + 1].kind == .unspaced {
                last = index + 1
            }
            current.append(UInt32(truncatingIfNeeded: words.hash(from: index, through: last)) & ~1)
        }
    }

    /// Paths, identifiers and quoted code.
    private mutating func addNames(_ piece: Span<UInt8>) {
        var index = 0
        while index < piece.count {
            let start = index
            // Small letters and commas, perhaps behind one capital, are no name: most words need no second look.
            var isPlain = Self.isLetter(piece[index])
            while index < piece.count, piece[index] > 0x20 {
                let byte = piece[index]
                if index > start, byte &- 0x61 >= 26, byte < 0x80, byte != UInt8(ascii: ",") { isPlain = false }
                index += 1
            }
            if !isPlain { addName(piece, start..<index) }
            while index < piece.count, piece[index] <= 0x20 { index += 1 }
        }
    }

    private mutating func addName(_ piece: Span<UInt8>, _ chunk: Range<Int>) {
        let name = Self.trimmed(piece, chunk)
        guard name.count <= Self.longestName, Self.isConcrete(piece, name) else { return }
        current.append(UInt32(truncatingIfNeeded: xxh3(piece.extracting(name))) | 1)
    }

    private static func trimmed(_ piece: Span<UInt8>, _ chunk: Range<Int>) -> Range<Int> {
        var lower = chunk.lowerBound
        var upper = chunk.upperBound
        while lower < upper, !isNameEdge(piece[lower]) { lower += 1 }
        while upper > lower, !isNameEdge(piece[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    private static func isNameEdge(_ byte: UInt8) -> Bool {
        isLetter(byte) || byte &- 0x30 < 10 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "/")
            || byte == UInt8(ascii: "`")
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte >= 0x80 }

    /// Whether a word is a name in a program or a file system: it has a letter, and quotes, a path separator, an
    /// underscore, a dot or colons inside, or a capital behind a small letter.
    private static func isConcrete(_ piece: Span<UInt8>, _ name: Range<Int>) -> Bool {
        guard name.count > 2 else { return false }
        var hasLetter = false
        var isMarked = false
        for index in name {
            let byte = piece[index]
            hasLetter = hasLetter || isLetter(byte)
            switch byte {
            case UInt8(ascii: "`"), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "\\"): isMarked = true
            case UInt8(ascii: "."), UInt8(ascii: ":"):
                let next = index + 1
                if index > name.lowerBound, next < name.upperBound, isLetter(piece[next]) || piece[next] == byte {
                    isMarked = true
                }
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                if index > name.lowerBound, piece[index - 1] &- 0x61 < 26 { isMarked = true }
            default: break
            }
        }
        return hasLetter && isMarked
    }

    /// The share of the words that no recent segment has, and whether there is a name that none has.
    private func novelty() -> (share: Double, hasNewName: Bool) {
        var words = 0
        var unseen = 0
        var hasNewName = false
        var filter = HashFilter()
        for segment in recent { for hash in segment { filter.insert(hash) } }
        for hash in current {
            let isName = hash & 1 == 1
            if !isName { words += 1 }
            if filter.mayContain(hash), recent.contains(where: { $0.containsSorted(hash) }) { continue }
            if isName { hasNewName = true } else { unseen += 1 }
        }
        return (words == 0 ? 1 : Double(unseen) / Double(words), hasNewName)
    }

    private mutating func remember() {
        guard settings.window > 0 else { return }
        if recent.count < settings.window {
            recent.append(current)
        } else {
            swap(&recent[oldest], &current)
            oldest = (oldest + 1) % settings.window
        }
    }
}

/// `simhash_repeat`: sentences that are nearly the same.
///
/// A sentence is remembered by the 64-bit SimHash of its word bigrams (Charikar, "Similarity Estimation Techniques from
/// Rounding Algorithms", 2002). For whole web pages a distance of 3 bits is customary (Manku et al., 2007); sentences
/// have so few bigrams that a Jaccard similarity of 0.8 means 12 bits in nine cases of ten. So the distance only sorts
/// out, and the similarity itself confirms. One match convicts nobody: the new sentence must match many, and matched
/// sentences must make up nearly all of the recent text.
struct SimhashRepeat: Sendable {
    private struct Sentence: Sendable {
        var hash: UInt64
        /// Its place in the channel.
        var offset: Int
        var length: Int
        /// The bytes before it that were no sentence of this kind: they thin the repetition out.
        var skipped: Int
        var bigrams: Int
        var isMatched = false
    }

    private let settings: SimhashRepeatSettings
    private var sentences: [Sentence] = []
    /// The sorted bigram hashes of the sentences, `mostBigrams` places each.
    private var bigrams: [UInt32] = []
    private var oldest = 0
    private var skipped = 0
    private var scratch: [UInt32] = []

    /// The bigrams of a sentence that are compared; longer sentences are compared by their beginning.
    private static let mostBigrams = 64
    /// The words of a sentence that are worth reading.
    static let mostWords = mostBigrams + 1
    /// The fewest words, or letters of scripts without spaces, of a sentence that says something. Numbers are no words
    /// here: rows of a matrix of zeros and ones are near-duplicates by nature.
    private static let fewestWords = 6
    private static let fewestUnspaced = 12

    /// Creates the detector.
    init(settings: SimhashRepeatSettings) { self.settings = settings }

    /// The bytes of memory it holds on to.
    var stateBytes: Int {
        sentences.capacity * MemoryLayout<Sentence>.stride + (bigrams.capacity + scratch.capacity) * 4
    }

    /// Passes over text that is not to be compared.
    mutating func skip(_ length: Int) { skipped += length }

    /// Takes a completed sentence in.
    /// - Parameters:
    ///   - words: Its words, already read.
    ///   - range: Its place in the channel.
    ///   - tail: The channel, for evidence.
    ///   - judging: Whether a verdict is asked for.
    mutating func add(_ words: FoldedWords, at range: Range<Int>, _ tail: ChannelTail, judging: Bool) -> Evidence? {
        var lettered = 0
        var unspaced = 0
        for word in words.words {
            if word.kind == .letters { lettered += 1 }
            if word.kind == .unspaced { unspaced += 1 }
        }
        guard unspaced >= Self.fewestUnspaced || lettered >= Self.fewestWords else {
            skipped += range.count
            return nil
        }
        let hash = sign(words)
        var new = Sentence(
            hash: hash,
            offset: range.lowerBound,
            length: range.count,
            skipped: skipped,
            bigrams: scratch.count
        )
        skipped = 0

        var matches = 0
        var best = (similarity: 0.0, offset: 0, length: 0)
        for index in sentences.indices where (sentences[index].hash ^ hash).nonzeroBitCount <= settings.hamming {
            let similarity = similarity(to: index)
            guard similarity >= settings.jaccard else { continue }
            matches += 1
            sentences[index].isMatched = true
            new.isMatched = true
            // The latest of the most similar ones: its text is the most likely to be still here.
            if similarity >= best.similarity {
                best = (similarity, sentences[index].offset, sentences[index].length)
            }
        }
        remember(new)
        guard judging, matches >= settings.matches else { return nil }
        let (mass, total) = mass()
        guard total >= settings.minimum, mass >= settings.mass else { return nil }
        var evidence = Evidence()
        evidence.add("sentence", bytes: tail.bytes[tail.indices(of: range)])
        evidence.add("like", bytes: tail.bytes[tail.indices(of: best.offset..<best.offset + best.length)])
        evidence.add("similarity", share: best.similarity)
        evidence.add("matches", matches)
        evidence.add("mass", share: mass)
        return evidence
    }

    /// Leaves the sorted bigrams of a sentence in `scratch` and returns their SimHash.
    private mutating func sign(_ words: FoldedWords) -> UInt64 {
        var simhash = SimHash()
        scratch.removeAll(keepingCapacity: true)
        let count = min(words.words.count - 1, Self.mostBigrams)
        for index in 0..<count {
            let hash = words.hash(from: index, through: index + 1)
            simhash.add(hash)
            scratch.append(UInt32(truncatingIfNeeded: hash))
        }
        scratch.sortAndUnique()
        return simhash.value
    }

    /// The Jaccard similarity of the bigrams in `scratch` to those of a remembered sentence.
    private func similarity(to index: Int) -> Double {
        var mine = 0
        var other = index * Self.mostBigrams
        let end = other + sentences[index].bigrams
        var common = 0
        while mine < scratch.count, other < end {
            if scratch[mine] == bigrams[other] {
                common += 1
                mine += 1
                other += 1
            } else if scratch[mine] < bigrams[other] {
                mine += 1
            } else {
                other += 1
            }
        }
        return Double(common) / Double(scratch.count + sentences[index].bigrams - common)
    }

    private mutating func remember(_ new: Sentence) {
        guard settings.sentences > 0 else { return }
        let index: Int
        if sentences.count < settings.sentences {
            index = sentences.count
            sentences.append(new)
            bigrams.append(contentsOf: repeatElement(0, count: Self.mostBigrams))
        } else {
            index = oldest
            sentences[index] = new
            oldest = (oldest + 1) % settings.sentences
        }
        let start = index * Self.mostBigrams
        for (place, bigram) in scratch.enumerated() { bigrams[start + place] = bigram }
    }

    /// The share of matched sentences in the remembered text, with what was passed over since the oldest of them.
    private func mass() -> (share: Double, sentences: Int) {
        var matched = 0
        var total = 0
        var skipped = self.skipped
        for (index, sentence) in sentences.enumerated() {
            total += sentence.length
            if sentence.isMatched { matched += sentence.length }
            if index != oldest { skipped += sentence.skipped }
        }
        return (total == 0 ? 0 : Double(matched) / Double(total + skipped), total)
    }
}

/// A 64-bit SimHash in the making: each bit of the value is the majority of that bit among the hashes added.
///
/// The 64 counters are kept bit-sliced, one word for each binary digit of all of them, so that adding a hash takes
/// seven steps instead of 64. They count to 127.
struct SimHash {
    private var digits: InlineArray<7, UInt64> = .init(repeating: 0)
    private var count: UInt64 = 0

    /// Counts a hash in.
    mutating func add(_ hash: UInt64) {
        var carry = hash
        for place in digits.indices {
            let digit = digits[place]
            digits[place] = digit ^ carry
            carry &= digit
        }
        count += 1
    }

    /// The bits that are set in more than half of the hashes.
    var value: UInt64 {
        let half = count / 2
        var greater: UInt64 = 0
        var equal = UInt64.max
        for place in digits.indices.reversed() {
            let threshold: UInt64 = half >> UInt64(place) & 1 == 1 ? .max : 0
            greater |= equal & digits[place] & ~threshold
            equal &= ~(digits[place] ^ threshold)
        }
        return greater
    }
}

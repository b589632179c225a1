/// `line_repeat`: the same lines over and over, with hardly anything else between.
///
/// A count alone convicts headings, separators and `return nil`; so the repeated lines must also make up nearly all of
/// the recent text. In code and JSON even that is not enough: of records with a few possible values each line has been
/// there before, so there may be only very few different ones. Lines are judged when they are complete: half a line
/// equals the start of many others.
struct LineRepeat: Sendable {
    private let settings: LineRepeatSettings
    /// Hash of the folded text, and twice the length in bytes plus one for a duplicate; oldest first, from `first` on.
    private var hashes: [UInt64] = []
    private var infos: [UInt32] = []
    private var first = 0
    private var bytes = 0

    /// The shortest folded line that may convict, in bytes: shorter ones are braces, separators and keywords.
    private static let shortest = 16
    /// How often a line must have been seen before the next one counts as a duplicate.
    private static let seenBefore = 2
    /// Forgotten entries are cleared away this many at a time.
    private static let slack = 64

    /// Creates the detector.
    init(settings: LineRepeatSettings) { self.settings = settings }

    /// The bytes of memory it holds on to.
    var stateBytes: Int { hashes.capacity * 8 + infos.capacity * 4 }

    /// Takes a completed line in that is not blank.
    /// - Parameters:
    ///   - folded: Its folded text.
    ///   - length: Its length in bytes, newline included.
    ///   - judging: Whether a verdict is asked for.
    mutating func add(
        _ folded: FoldedLine,
        length: Int,
        _ profile: TextProfile,
        judging: Bool
    ) -> Evidence? {
        let hash = folded.hash
        let seen = count(of: hash)
        hashes.append(hash)
        infos.append(UInt32(truncatingIfNeeded: length) << 1 | (seen >= Self.seenBefore ? 1 : 0))
        bytes += length
        forget()
        let limits = profile == .prose ? settings.prose : settings.code
        guard judging, seen + 1 >= limits.count, folded.bytes.count >= Self.shortest, folded.letters > 0 else {
            return nil
        }
        let (mass, total, lines) = mass(over: limits.window)
        guard total >= limits.minimum, mass >= limits.mass else { return nil }
        guard limits.kinds == 0 || hasFewKinds(lines, limits.kinds) else { return nil }
        var evidence = Evidence()
        evidence.add("line", bytes: folded.bytes)
        evidence.add("count", seen + 1)
        evidence.add("mass", share: mass)
        evidence.add("window", total)
        return evidence
    }

    private func count(of hash: UInt64) -> Int {
        let remembered = hashes.span.extracting(first..<hashes.count)
        var count = 0
        for index in remembered.indices { count &+= remembered[index] == hash ? 1 : 0 }
        return count
    }

    /// The share of duplicates in the last lines that together have at least `window` bytes, their bytes, and the lines.
    private func mass(over window: Int) -> (share: Double, bytes: Int, lines: Range<Int>) {
        var total = 0
        var duplicate = 0
        var index = hashes.count
        while index > first, total < window {
            index -= 1
            let length = Int(infos[index] >> 1)
            total += length
            if infos[index] & 1 == 1 { duplicate += length }
        }
        return (total == 0 ? 0 : Double(duplicate) / Double(total), total, index..<hashes.count)
    }

    /// Whether there are no more different lines than that.
    private func hasFewKinds(_ lines: Range<Int>, _ most: Int) -> Bool {
        var kinds: [UInt64] = []
        for index in lines where !kinds.contains(hashes[index]) {
            kinds.append(hashes[index])
            if kinds.count > most { return false }
        }
        return true
    }

    private mutating func forget() {
        while first < hashes.count - 1, hashes.count - first > settings.lines || bytes > settings.bytes {
            bytes -= Int(infos[first] >> 1)
            first += 1
        }
        if first >= Self.slack {
            hashes.removeFirst(first)
            infos.removeFirst(first)
            first = 0
        }
    }
}

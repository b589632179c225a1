/// `stutter`: the same delta again and again, or white space without end.
///
/// The rule about deltas is a backstop for when `tail_repeat` is switched off or observes only. Engines may send single
/// characters as deltas, and then 256 equal deltas are a divider of 256 dashes or half a screen of blank lines, which
/// are healthy. Therefore the equal deltas must also span what `tail_repeat` would need for a period of their length,
/// and the rule is asked at the same offsets, after it: so it never convicts earlier.
struct Stutter: Sendable {
    private let settings: StutterSettings
    private var delta: UInt64 = 0
    private var length = 0
    private var deltas = 0
    /// The channel offset at which the first of the equal deltas began.
    private var start = 0
    private var whitespace = 0

    /// Creates the detector.
    init(settings: StutterSettings) { self.settings = settings }

    /// Says that a delta of at least one byte begins at a channel offset.
    mutating func begin(_ bytes: Span<UInt8>, at offset: Int) {
        let hash = xxh3(bytes)
        if hash != delta || bytes.count != length {
            delta = hash
            length = bytes.count
            deltas = 0
            start = offset
        }
        deltas += 1
    }

    /// Judges the equal deltas at an offset at which `tail_repeat` has just been asked.
    func scan(_ tail: ChannelTail, _ profile: TextProfile, _ tailRepeat: TailRepeat) -> Evidence? {
        guard deltas >= settings.deltas, tailRepeat.convicts(period: length, span: tail.end - start, profile) else {
            return nil
        }
        var evidence = Evidence()
        evidence.add("deltas", deltas)
        evidence.add("span", tail.end - start)
        evidence.add("unit", bytes: tail.bytes[tail.indices(of: max(start, tail.end - length)..<tail.end)])
        evidence.add("start", start)
        return evidence
    }

    /// How many bytes may come before the white space can have become too long, at least one.
    var patience: Int { max(1, settings.whitespace - whitespace) }

    /// Takes the first bytes of a text in, at most ``patience``; `counts` is false where white space is payload, inside
    /// strings of arguments. Returns whether the white space has become too long.
    mutating func add(_ text: Span<UInt8>, _ count: Int, counts: Bool) -> Bool {
        var trailing = 0
        while counts, trailing < count, text[count - 1 - trailing].isBlank { trailing += 1 }
        whitespace = trailing == count ? whitespace + count : trailing
        return trailing > 0 && whitespace >= settings.whitespace
    }

    /// Why the white space convicts.
    func whitespaceEvidence(_ tail: ChannelTail) -> Evidence {
        var evidence = Evidence()
        evidence.add("whitespace", whitespace)
        evidence.add("start", tail.end - whitespace)
        return evidence
    }
}

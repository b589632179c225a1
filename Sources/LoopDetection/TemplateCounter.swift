/// `template_counter`: lines that differ only in their digits.
///
/// Counting is what tables, SQL inserts and lists of addresses do by nature, so the shipped mode only observes.
struct TemplateCounter: Sendable {
    private let settings: TemplateCounterSettings
    private var hash: UInt64 = 0
    private var lines = 0
    private var bytes = 0

    /// Creates the detector.
    init(settings: TemplateCounterSettings) { self.settings = settings }

    /// Takes a completed line in that is not blank; collapses the digits of `folded`.
    mutating func add(_ folded: inout FoldedLine, length: Int, judging: Bool) -> Evidence? {
        let hasDigits = folded.collapseDigits()
        let hash = folded.hash
        guard hasDigits, folded.letters >= settings.letters else {
            lines = 0
            return nil
        }
        if hash != self.hash || lines == 0 {
            self.hash = hash
            lines = 0
            bytes = 0
        }
        lines += 1
        bytes += length
        guard judging, lines >= settings.lines, bytes >= settings.minimum else { return nil }
        var evidence = Evidence()
        evidence.add("template", bytes: folded.bytes)
        evidence.add("lines", lines)
        evidence.add("bytes", bytes)
        return evidence
    }
}

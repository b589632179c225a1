import LoopDetection

/// A setting that tuning may change, with the values it tries.
struct Dial: Sendable {
    /// Whose setting.
    var detector: DetectorID
    /// The values from the most lenient to the strictest, each written as in a rules file below the detector.
    var steps: [String]
    /// The step that the default rules stand at.
    var usual: Int

    /// Whether it is on or off, so that there is no step beyond.
    var isSwitch: Bool { steps.count == 2 }

    /// A dial over numbers: `#` in the pattern stands for each of them.
    init(_ detector: DetectorID, _ pattern: String, _ values: [Int], usual: Int) {
        self.init(detector, values.map { pattern.replacing("#", with: "\($0)") }, values.firstIndex(of: usual)!)
    }

    init(_ detector: DetectorID, _ steps: [String], _ usual: Int) {
        self.detector = detector
        self.steps = steps
        self.usual = usual
    }

    /// All dials, in the order in which they are turned. Counts of calls that only warn stay as they are.
    static let all: [Dial] = [
        Dial(.tailRepeat, [2, 1.5, 1, 0.75, 0.5].map { "prose: " + bands(TailRepeatSettings().prose, $0) }, 2),
        Dial(.tailRepeat, [2, 1.5, 1, 0.75, 0.5].map { "code: " + bands(TailRepeatSettings().code, $0) }, 2),
        Dial(.lineRepeat, "prose: {count: #}", [32, 16, 12, 8, 6, 4], usual: 8),
        Dial(.lineRepeat, "code: {count: #}", [128, 64, 48, 32, 24, 16], usual: 32),
        Dial(.simhashRepeat, ["mode: {content: warn}", "mode: {content: stop}"], 0),
        Dial(.simhashRepeat, "matches: #", [16, 12, 8, 6, 4], usual: 8),
        Dial(.noveltyStall, "characters: #", [24_000, 12_000, 8_000, 6_000, 4_500, 3_000], usual: 6_000),
        Dial(.noveltyStall, "content_characters: #", [48_000, 24_000, 16_000, 12_000, 8_000, 6_000], usual: 12_000),
        Dial(.stutter, "whitespace: #", [8_192, 4_096, 2_048, 1_024, 512], usual: 2_048),
        Dial(
            .templateCounter,
            ["mode: observe"]
                + [192, 96, 48, 24].map { "{mode: {content: observe, reasoning: stop, code: observe}, lines: \($0)}" }
                + [192, 96, 48, 24].map { "{mode: {content: stop, reasoning: stop, code: observe}, lines: \($0)}" },
            0
        ),
        Dial(.toolNameRun, "run: {warn: 8, stop: #}", [64, 48, 24, 16, 12], usual: 24),
        Dial(.argumentDedup, "consecutive: {warn: 2, stop: #}", [6, 4, 3], usual: 3),
        Dial(.historyRepeat, "identical: {warn: 3, stop: #}", [8, 6, 5, 4], usual: 5),
        Dial(.historyRepeat, "cycles: {warn: 2, stop: #}", [5, 4, 3], usual: 3),
        Dial(.historyRepeat, "interleaved: {warn: 4, stop: #}", [16, 12, 8, 6], usual: 8),
        Dial(.historyRepeat, "same_error: {warn: 4, stop: #}", [16, 12, 8, 6], usual: 8),
        Dial(.historyRepeat, "unknown_tool: {warn: 3, stop: #}", [12, 8, 6, 4], usual: 6),
        Dial(.permanentFailure, "binary_missing: {warn: 2, stop: #}", [8, 6, 4, 3], usual: 4),
        Dial(.permanentFailure, "permission: {warn: 3, stop: #}", [12, 8, 6, 4], usual: 6),
        Dial(.permanentFailure, "invalid_argument: {warn: 3, stop: #}", [12, 8, 6, 4], usual: 6),
    ]

    /// Bands that ask for `factor` times as many bytes, and for fewer repeats when that is less.
    private static func bands(_ bands: [PeriodBand], _ factor: Double) -> String {
        let list = bands.map { band in
            let repeats = factor < 1 && band.repeats > 3 ? max(3, Int(Double(band.repeats) * factor)) : band.repeats
            return "{up_to: \(band.upTo), span: \(Int(Double(band.span) * factor)), repeats: \(repeats)}"
        }
        return "[\(list.joined(separator: ", "))]"
    }
}

/// A choice of a step for each dial.
struct DialSetting: Sendable, Equatable {
    /// The step of each dial of ``Dial/all``.
    var steps = Dial.all.map(\.usual)

    /// The settings that differ from the default, by detector, in the order of the dials; `place` is that of the dial.
    var changes: [(detector: DetectorID, lines: [(place: Int, text: String)])] {
        var changes: [(detector: DetectorID, lines: [(place: Int, text: String)])] = []
        for (place, dial) in Dial.all.enumerated() where steps[place] != dial.usual {
            if changes.last?.detector != dial.detector { changes.append((dial.detector, [])) }
            var text = dial.steps[steps[place]]
            // A step with several settings is written as one flow map, its members one below the other.
            if text.hasPrefix("{") { text = String(text.dropFirst().dropLast()).replacing("}, ", with: "}\n") }
            for line in text.split(separator: "\n") { changes[changes.count - 1].lines.append((place, String(line))) }
        }
        return changes
    }

    /// The rules file, with a comment above each line when `comment` has one.
    func yaml(_ comment: (Int) -> String? = { _ in nil }) -> String {
        var page = "version: 1\n"
        if !changes.isEmpty { page += "detectors:\n" }
        for (detector, lines) in changes {
            page += "  \(detector.name):\n"
            var told: Int?
            for line in lines {
                if line.place != told, let remark = comment(line.place) { page += "    # \(remark)\n" }
                told = line.place
                page += "    \(line.text)\n"
            }
        }
        return page
    }
}

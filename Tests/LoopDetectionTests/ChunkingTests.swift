import LoopDetection
import Testing

/// The monitor goes from one point to the next in one step, and where a delta ends must not be such a point.
struct ChunkingTests {
    private static let pieces = [
        "Let me look at path/to/file_7.swift once more. ", "I'll do it. ", "“Well,” she said. (Really!) *Now.* ", "\n",
        "\n\n",
        "```\n", "    let x = foo.bar(17)\n", "| a | b |\n", "# Heading\n", "我们再试一次。好的！真的？", "再次检查\n", "😊🤖", "é İ ﬁ Ⱥ ",
        "한국어 문장. ", " \t\r\n", "   ", "{\"a\": \"\\u00e9\\ud83d\\ude0a\\n\\\"\"},\n", "\"\\\\\" ", "Row 12: 17\n",
        "no newline and no end ",
    ]

    private static func text(_ dice: inout Dice) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < 10_000 {
            let piece = Array(dice.pick(pieces).utf8)
            for _ in 0..<[1, 1, 2, 5, 40, 500][below(6, &dice)] where bytes.count < 10_000 { bytes += piece }
            // Now and then bytes that are no UTF-8, and characters cut in two.
            if below(20, &dice) == 0 { bytes.append(UInt8(below(256, &dice))) }
        }
        return bytes
    }

    private static func below(_ bound: Int, _ dice: inout Dice) -> Int { Int((dice.next() >> 33) % UInt64(bound)) }

    /// Everything on, and thresholds so low that much is said.
    private static func settings(_ dice: inout Dice) -> DetectorSettings {
        var settings = DetectorSettings()
        let modes = [Mode.off, .observe, .warn]
        for detector in [
            \DetectorSettings.tailRepeat.modes, \.lineRepeat.modes, \.simhashRepeat.modes, \.noveltyStall.modes,
            \.stutter.modes, \.templateCounter.modes,
        ] {
            let content = modes[below(3, &dice)]
            settings[keyPath: detector] = TextModes(content: content, reasoning: .warn, code: modes[below(3, &dice)])
        }
        settings.tailRepeat.stride = [1, 7, 50, 128][below(4, &dice)]
        settings.tailRepeat.prose = [
            PeriodBand(upTo: 40, span: 60, repeats: 3), PeriodBand(upTo: 90, span: 120, repeats: 2),
        ]
        settings.lineRepeat.prose = LineRepeatLimits(count: 3, mass: 0.2, window: 400, minimum: 50)
        settings.lineRepeat.code = LineRepeatLimits(count: 5, mass: 0.3, window: 400, minimum: 50)
        settings.simhashRepeat.matches = 1
        settings.simhashRepeat.mass = 0.1
        settings.simhashRepeat.minimum = 100
        settings.noveltyStall.novelty = 0.8
        settings.noveltyStall.segments = 1
        settings.noveltyStall.minimumLength = 30
        settings.noveltyStall.segmentLength = [1, 60, 700][below(3, &dice)]
        settings.stutter.deltas = .max
        settings.stutter.whitespace = [1, 2, 20][below(3, &dice)]
        settings.templateCounter.lines = 3
        settings.templateCounter.minimum = 20
        settings.argumentRepeat.mode = .warn
        settings.argumentRepeat.maxBytes = 5_000
        settings.budget.mode = .warn
        settings.budget.maxOutputBytes = [0, 1, 700][below(3, &dice)]
        return settings
    }

    @Test(arguments: 0..<40)
    func deltasOfAnyLengthSayWhatSingleBytesSay(_ seed: UInt64) {
        var dice = Dice(seed)
        let text = Self.text(&dice)
        let settings = Self.settings(&dice)
        for kind in ChannelKind.allCases {
            let expected = verdicts(text, in: kind, settings: settings, chunk: 1)
            var monitor = ChannelMonitor(kind: kind, settings: settings, jsonOutput: false)
            var found: [Verdict] = []
            var start = 0
            let most = [4, 50, 3_000][Self.below(3, &dice)]
            while start < text.count {
                let end = min(text.count, start + Self.below(most + 1, &dice))
                monitor.receive(text.span.extracting(start..<end), verdicts: &found)
                start = end
            }
            monitor.finish(verdicts: &found)
            #expect(found == expected)
        }
    }

    @Test func theTextsOfThisTestMakeEveryTextDetectorSpeak() {
        var speakers: Set<DetectorID> = []
        for seed in 0..<40 as Range<UInt64> {
            var dice = Dice(seed)
            let text = Self.text(&dice)
            let settings = Self.settings(&dice)
            for kind in ChannelKind.allCases {
                speakers.formUnion(verdicts(text, in: kind, settings: settings).map(\.detector))
            }
        }
        #expect(
            speakers == [
                .tailRepeat, .lineRepeat, .simhashRepeat, .noveltyStall, .stutter, .templateCounter, .argumentRepeat,
                .budget,
            ]
        )
    }
}

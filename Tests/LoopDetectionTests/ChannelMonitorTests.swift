import LoopDetection
import Testing

struct ChannelMonitorTests {
    @Test(arguments: ChannelKind.allCases)
    func aMegabyteWithoutNewlineIsHeldInBoundedMemory(_ kind: ChannelKind) {
        for text in [freshProse(14_000).replacing("\n", with: " "), times(12_000, "再次检查这个问题")] {
            var settings = DetectorSettings()
            settings.tailRepeat.modes = TextModes(content: .observe, reasoning: .observe, code: .observe)
            settings.argumentRepeat.mode = .observe
            var monitor = ChannelMonitor(kind: kind, settings: settings, jsonOutput: false)
            var found: [Verdict] = []
            var most = 0
            var start = 0
            let bytes = Array(text.utf8)
            while start < bytes.count {
                let end = min(start + 1_000, bytes.count)
                monitor.receive(bytes.span.extracting(start..<end), verdicts: &found)
                most = max(most, monitor.stateBytes)
                start = end
            }
            #expect(most < 80 * 1_024)
            #expect(monitor.byteCount == bytes.count)
        }
    }

    @Test func aShortStreamIsHeldInLittleMemory() {
        var monitor = ChannelMonitor(kind: .content, settings: DetectorSettings(), jsonOutput: false)
        var found: [Verdict] = []
        monitor.receive(Array(freshProse(10).utf8).span, verdicts: &found)
        #expect(monitor.stateBytes < 12 * 1_024)
    }

    @Test func offMeansSilent() {
        for positive in positiveCases {
            var example = positive.example
            example.settings = .silent
            #expect(verdicts(example).isEmpty, "\(example.name)")
        }
    }

    @Test func aDetectorSpeaksOncePerModeItReaches() {
        var settings = DetectorSettings.only {
            $0.tailRepeat.modes = TextModes(content: .warn, reasoning: .off, code: .off)
        }
        #expect(verdicts(times(3_000, "again "), in: .content, settings: settings).map(\.mode) == [.warn])
        settings.tailRepeat.modes = TextModes(content: .stop, reasoning: .off, code: .warn)
        let text = "```\n" + times(1_000, "execute → ok\n") + "```\n" + freshProse(60) + times(400, "again ")
        #expect(verdicts(text, in: .content, settings: settings).map(\.mode) == [.warn, .stop])
    }

    @Test func nothingIsSaidAfterAStop() {
        var monitor = ChannelMonitor(kind: .content, settings: DetectorSettings(), jsonOutput: false)
        var found: [Verdict] = []
        let bytes = Array(times(3_000, "I'll do it.\n").utf8)
        monitor.receive(bytes.span, verdicts: &found)
        monitor.receive(bytes.span, verdicts: &found)
        monitor.finish(verdicts: &found)
        #expect(found.filter { $0.mode == .stop }.count == 1)
        #expect(found.last?.mode == .stop)
        #expect(monitor.byteCount == bytes.count * 2)
    }

    @Test func aStopAndAWarningOverTheSameByteAreOneStop() {
        // The newline that ends the line is also white space enough.
        let settings = DetectorSettings.only {
            $0.stutter.modes = stopping
            $0.stutter.whitespace = 1
            $0.lineRepeat.modes = TextModes(content: .warn, reasoning: .off, code: .warn)
            $0.lineRepeat.prose = LineRepeatLimits(count: 1, mass: 0, window: 20, minimum: 1)
        }
        var monitor = ChannelMonitor(kind: .content, settings: settings, jsonOutput: false)
        var found: [Verdict] = []
        for _ in 0..<3 { monitor.receive(Array("one-long-line-without-blanks\n".utf8).span, verdicts: &found) }
        #expect(found.map(\.detector) == [.stutter])
    }

    @Test func theEndOfTheChannelCompletesTheLastLine() {
        let settings = DetectorSettings.only {
            $0.lineRepeat = LineRepeatSettings()
            $0.lineRepeat.prose = LineRepeatLimits(count: 3, mass: 0.3, window: 200, minimum: 40)
        }
        let line = "the same sixteen bytes and more"
        #expect(verdicts([line, line, line].joined(separator: "\n"), in: .content, settings: settings).count == 1)
    }

    @Test(arguments: [ChannelKind.content, .reasoning])
    func budgetsAreKept(_ kind: ChannelKind) throws {
        var settings = DetectorSettings.silent
        settings.budget.maxOutputBytes = 2_000
        settings.budget.maxReasoningBytes = 500
        #expect(verdicts(freshProse(100), in: kind, settings: settings).isEmpty)
        settings.budget.mode = .stop
        let stop = try #require(verdicts(freshProse(100), in: kind, settings: settings).stop)
        #expect(stop.detector == .budget)
        #expect(stop.byte == (kind == .reasoning ? 501 : 2_001))
        #expect(stop.evidence.integer("limit") == stop.byte - 1)
    }

    /// Pieces of all that the detectors look at, cut at random: the verdicts must not change.
    @Test(arguments: 0..<30)
    func verdictsDependOnBytesAlone(_ seed: UInt64) {
        var dice = Dice(seed)
        let pieces = [
            "```\n", "~~~\n", "| a | b |\n", "\n\n", "I'll do it. ", "让我们再试一次。", "😊", "Attempt 17: no answer\n",
            "    return nil\n", "Let me check the other directory once more now.\n", freshProse(3), times(90, "ab"),
            times(300, " "), "# Heading\n", "**Bold**\n", "\u{1F}", "é", "{\"a\": \"\\u00e9\\n\"},\n",
        ]
        var text = ""
        while text.utf8.count < 12_000 { text += times(Int(dice.next() % 40), dice.pick(pieces)) }
        let bytes = Array(text.utf8)
        var settings = DetectorSettings()
        settings.stutter.deltas = .max
        for detector in [
            \DetectorSettings.tailRepeat.modes, \.lineRepeat.modes, \.simhashRepeat.modes, \.noveltyStall.modes,
        ] {
            settings[keyPath: detector] = TextModes(content: .warn, reasoning: .observe, code: .observe)
        }
        for kind in ChannelKind.allCases {
            let whole = verdicts(bytes, in: kind, settings: settings)
            var monitor = ChannelMonitor(kind: kind, settings: settings, jsonOutput: false)
            var found: [Verdict] = []
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int(dice.next() % 30))
                monitor.receive(bytes.span.extracting(start..<end), verdicts: &found)
                start = end
                if found.last?.mode == .stop { break }
            }
            monitor.finish(verdicts: &found)
            #expect(found == whole)
        }
    }
}

import LoopDetection
import Testing

struct LineRepeatTests {
    private static func only(_ change: (inout LineRepeatSettings) -> Void = { _ in }) -> DetectorSettings {
        .only {
            $0.lineRepeat = LineRepeatSettings()
            change(&$0.lineRepeat)
        }
    }

    /// Small numbers, so that single lines can be counted.
    private static let small = only {
        $0.prose = LineRepeatLimits(count: 3, mass: 0.3, window: 200, minimum: 40)
    }

    @Test func linesInTurnThatFillTheTextAreEnded() throws {
        let text = shuffle(
            200,
            [
                "Let me look at the file once more.", "Now I will run the tests again.", "That did not work either.",
                "Let me check the other directory.",
            ],
            seed: 1,
            separator: "\n"
        )
        let stop = try #require(verdicts(text, in: .content, settings: Self.only()).stop)
        #expect(stop.detector == .lineRepeat)
        #expect(try #require(stop.evidence.integer("count")) >= 8)
        #expect(try #require(stop.evidence.number("mass")) >= 0.9)
        #expect(stop.evidence.text("line")?.isEmpty == false)
        #expect(stop.byte < 3_000)
    }

    @Test func aLineBetweenFreshTextIsNotEnded() {
        let text = (0..<60).map { "Result of the measurement:\n" + freshProse(4, seed: UInt64($0)) + "\n" }.joined()
        #expect(verdicts(text, in: .content, settings: Self.only()).isEmpty)
    }

    @Test func aLineIsJudgedWhenItIsComplete() throws {
        let line = "the same sixteen bytes and more\n"
        let text = times(2, line) + line.dropLast()
        var monitor = ChannelMonitor(kind: .content, settings: Self.small, jsonOutput: false)
        var found: [Verdict] = []
        monitor.receive(Array(text.utf8).span, verdicts: &found)
        #expect(found.isEmpty)
        monitor.receive(Array("\n".utf8).span, verdicts: &found)
        #expect(found.map(\.byte) == [line.utf8.count * 3])
    }

    @Test func theStartOfALineIsNoLine() {
        let text = lines(0..<30) { "import { Widget\($0) } from 'a/very/long/common/prefix/of/modules'" }
        #expect(verdicts(text + "import { Widget", in: .content, settings: Self.small).isEmpty)
    }

    @Test func caseAndSpacesDoNotTellLinesApart() {
        let text = "ÄRGER  ÜBER die Straße\n\tärger über DIE straße \nÄrger über die Straße\n"
        #expect(verdicts(text, in: .content, settings: Self.small).count == 1)
    }

    @Test func shortLinesAndLinesWithoutLettersDoNotConvict() {
        for line in [
            "} else {\n", "----------------------------\n", "┌──────────┬──────────┐\n", "1 2 3 4 5 6 7 8 9 10 11\n",
        ] {
            #expect(verdicts(times(200, line), in: .content, settings: Self.only()).isEmpty, "\(line)")
        }
    }

    @Test func codeIsEndedAtAHigherCount() throws {
        let line = "    self.error.clear();\n"
        let found = verdicts(times(400, line), in: .content, settings: Self.only())
        #expect(found.map(\.mode) == [.stop])
        #expect(try #require(found.first).byte >= 4_096)
    }

    @Test func recordsOfWhichEveryLineHasBeenThereAreHealthy() {
        var dice = Dice(9)
        let records = (0..<200).map { _ in
            "  {\n    \"unit\": \"degrees celsius\",\n    \"value\": \(dice.next() >> 33 % 10)\n  },\n"
        }
        .joined()
        #expect(verdicts(records, in: .content, settings: Self.only()).isEmpty)
        let arguments = DetectorSettings.only { $0.argumentRepeat = ArgumentRepeatSettings() }
        #expect(verdicts("{\"records\":[\n" + records, in: .arguments, settings: arguments).isEmpty)
        #expect(verdicts(writeCall(records), in: .arguments, settings: arguments).isEmpty)
    }

    @Test(arguments: [">", "- ", "    ", "* "])
    func theDepthOfAQuotationOrListDoesNotTellLinesApart(_ mark: String) {
        let text = lines(1..<200) { times($0, mark) + "I agree with what was said above, word for word." }
        #expect(verdicts(text, in: .content, settings: Self.only()).stop != nil)
        let marksOnly = lines(1..<200) { times($0, mark) }
        #expect(verdicts(marksOnly, in: .content, settings: Self.only()).isEmpty)
    }

    @Test func aLineWithoutEndIsFlushed() {
        var text = freshProse(2_000).replacing("\n", with: " ").prefix(8_192)
        text += text + text
        #expect(verdicts(String(text), in: .content, settings: Self.small).count == 1)
    }

    @Test func forgottenLinesDoNotCount() {
        let settings = Self.only {
            $0.prose = LineRepeatLimits(count: 3, mass: 0, window: 200, minimum: 40)
            $0.lines = 10
        }
        let line = "the same sixteen bytes and more\n"
        let gap = lines(0..<10) { "something else, number \($0), to be remembered." }
        #expect(verdicts(line + gap + line + gap + line, in: .content, settings: settings).isEmpty)
        #expect(verdicts(line + line + line, in: .content, settings: settings).count == 1)
    }
}

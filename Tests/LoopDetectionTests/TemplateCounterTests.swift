import LoopDetection
import Testing

struct TemplateCounterTests {
    private static let only = DetectorSettings.only {
        $0.templateCounter = TemplateCounterSettings()
        $0.templateCounter.modes = stopping
    }

    @Test func linesThatDifferInDigitsAloneAreFound() throws {
        let stop = try #require(
            verdicts(
                lines(1..<200) { "Attempt \($0): the server answered \($0 * 3)" },
                in: .reasoning,
                settings: Self.only
            )
            .stop
        )
        #expect(stop.detector == .templateCounter)
        #expect(stop.evidence.text("template") == "attempt #: the server answered #")
        #expect(try #require(stop.evidence.integer("lines")) >= 24)
        #expect(try #require(stop.evidence.integer("bytes")) >= 1_024)
    }

    @Test func theShippedModeOnlyObserves() {
        let found = verdicts(lines(1..<200) { "INSERT INTO t VALUES (\($0), 'x')" })
        #expect(found.last(of: .templateCounter)?.mode == .observe)
        #expect(found.stop == nil)
    }

    @Test func otherLinesBetweenAndFewLettersDoNotCount() {
        let mixed = lines(1..<400) { $0 % 20 == 0 ? "Here is another chapter" : "Attempt \($0): the server answered" }
        #expect(verdicts(mixed, in: .reasoning, settings: Self.only).isEmpty)
        #expect(verdicts(lines(1..<400) { "1\($0) x \($0) = 12" }, in: .reasoning, settings: Self.only).isEmpty)
    }
}

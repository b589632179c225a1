import LoopDetection
import Testing

/// Loops from public reports, retold: each must be ended, at the same byte however it is cut into deltas.
struct PositiveTests {
    @Test(arguments: positiveCases)
    func aLoopIsEndedEarlyAndForTheRightReason(_ positive: PositiveCase) throws {
        let stop = try #require(verdicts(positive.example).stop)
        #expect(positive.detectors.contains(stop.detector))
        #expect(stop.byte <= positive.by)
        #expect(stop.channel == positive.example.kind)
        if let period = positive.period { #expect(stop.evidence.integer("period") == period) }
    }

    @Test(arguments: positiveCases)
    func theVerdictDoesNotDependOnDeltas(_ positive: PositiveCase) {
        let whole = verdicts(positive.example)
        for chunk in chunkings { #expect(verdicts(positive.example, chunk: chunk) == whole, "chunk \(chunk)") }
    }

    @Test func nearlyEqualNumberedSentencesAreWarnedOfInContentAndEndedWhenTheyGoOn() throws {
        let text = lines(1..<401) {
            "\($0). Check the configuration of the service and restart it when something has changed."
        }
        let whole = verdicts(text)
        #expect(try #require(whole.last(of: .simhashRepeat)).mode == .warn)
        let stop = try #require(whole.stop)
        #expect(stop.detector == .noveltyStall && stop.byte > 12_000 && stop.byte < 14_000)
        for chunk in chunkings { #expect(verdicts(text.utf8, chunk: chunk) == whole) }
    }

    @Test func theEvidenceOfAPeriodicTailTellsUnitAndStart() throws {
        let lead = "Here is the answer.\n"
        let stop = try #require(verdicts(lead + times(600, "I'll do it.\n")).stop)
        #expect(stop.evidence.text("unit") == "I'll do it.\n" || stop.evidence.text("unit")?.count == 12)
        #expect(stop.evidence.integer("span") == stop.byte - lead.utf8.count + 2)
        #expect(stop.evidence.integer("start") == lead.utf8.count - 2)
        #expect(stop.evidence.integer("repeats") == stop.evidence.integer("span")! / 12)
    }
}

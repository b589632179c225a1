import LoopDetection
import Testing

struct StutterTests {
    private static let only = DetectorSettings.only { $0.stutter = StutterSettings() }

    private static func deltas(_ count: Int, _ delta: String, _ settings: DetectorSettings = only) -> [Verdict] {
        verdicts(times(count, delta).utf8, settings: settings, chunk: delta.utf8.count)
    }

    @Test func equalDeltasAreEndedWhenTailRepeatIsOff() throws {
        let stop = try #require(Self.deltas(600, "again ").stop)
        #expect(stop.detector == .stutter)
        #expect(stop.evidence.text("unit") == "again ")
        #expect(try #require(stop.evidence.integer("deltas")) >= 256)
        #expect(stop.byte >= 256 * 6)
    }

    @Test func manyEqualDeltasThatSpanLittleAreHealthy() {
        #expect(Self.deltas(800, "-").isEmpty)
        #expect(Self.deltas(255, "some longer words ").isEmpty)
    }

    @Test func anotherDeltaBetweenStartsTheCountAgain() {
        let text = times(250, "again ") + "or so "
        #expect(verdicts(times(8, text).utf8, settings: Self.only, chunk: 6).isEmpty)
    }

    @Test func emptyDeltasDoNotInterrupt() {
        var monitor = ChannelMonitor(kind: .content, settings: Self.only, jsonOutput: false)
        var found: [Verdict] = []
        for _ in 0..<600 where found.isEmpty {
            monitor.receive(Array("again ".utf8).span, verdicts: &found)
            monitor.receive([UInt8]().span, verdicts: &found)
        }
        #expect(found.map(\.detector) == [.stutter])
    }

    @Test(arguments: ["x", "ab", "again ", "some longer words in one delta, as engines batch them "])
    func itNeverConvictsBeforeTailRepeat(_ delta: String) throws {
        let both = try #require(Self.deltas(2_000, delta, DetectorSettings()).stop)
        #expect(both.detector == .tailRepeat)
        #expect(try #require(Self.deltas(2_000, delta).stop).byte >= both.byte)
    }

    @Test func whitespaceWithoutEndIsEnded() throws {
        let stop = try #require(verdicts("a" + times(2_000, " \n\t"), in: .content, settings: Self.only).stop)
        #expect(stop.byte == 2_049)
        #expect(stop.evidence.integer("whitespace") == 2_048)
        #expect(verdicts("a" + times(2_047, " ") + "b", in: .content, settings: Self.only).isEmpty)
    }
}

import Testing

@testable import LoopDetection

struct SimhashRepeatTests {
    private static let only = DetectorSettings.only { $0.simhashRepeat = SimhashRepeatSettings() }

    private static let nouns = ["pump", "valve", "gauge", "relay", "motor", "fan", "belt", "lamp", "fuse", "switch"]

    /// Long sentences of which one word changes.
    private static func nearly(_ count: Int) -> String {
        (0..<count).map {
            "Before the work goes on we ought to look once more at the way in which the old \(nouns[$0 * 7 % 10]) was put "
                + "together by those who built it for the mill in those days. "
        }.joined()
    }

    @Test func nearDuplicatesAreWarnedOfInContentAndEndedInReasoning() throws {
        let content = verdicts(Self.nearly(60), in: .content, settings: Self.only)
        #expect(content.map(\.mode) == [.warn])
        let stop = try #require(verdicts(Self.nearly(60), in: .reasoning, settings: Self.only).stop)
        #expect(stop.detector == .simhashRepeat)
        #expect(try #require(stop.evidence.integer("matches")) >= 8)
        #expect(try #require(stop.evidence.number("similarity")) >= 0.8)
        #expect(stop.evidence.text("sentence")?.hasPrefix("Before the work") == true)
        #expect(stop.evidence.text("like")?.hasPrefix("Before the work") == true)
        #expect(stop.byte < 4_000)
    }

    @Test func eightMatchesAreNeeded() {
        #expect(verdicts(Self.nearly(8), in: .reasoning, settings: Self.only).isEmpty)
    }

    @Test func sentencesThatShareHalfTheirWordsAreNoDuplicates() {
        let text = lines(0..<100) { index in
            let words = (0..<8).map { Self.nouns[(index * 3 + $0 * index + $0) % 10] }
            return "Returns the \(words[0]) of the \(words[1]) \(words[2]) \(words[3]) as a \(words[4]) \(words[5])."
        }
        #expect(verdicts(text, in: .reasoning, settings: Self.only).isEmpty)
    }

    @Test func duplicatesBetweenOtherTextAreThinnedOut() {
        let text = (0..<60).map { Self.nearly(1) + "\n| \($0) | " + times(120, "\($0 % 7) ") + "|\n" }.joined()
        #expect(verdicts(text, in: .reasoning, settings: Self.only).isEmpty)
    }

    @Test func chineseSentencesAreComparedByCharacters() {
        let text = (0..<60).map { "在继续工作之前我们应该再次检查旧机器的安装方式以及它的所有零件是否完好\($0)。" }.joined()
        #expect(verdicts(text, in: .reasoning, settings: Self.only).stop?.detector == .simhashRepeat)
    }

    @Test func tablesHeadingsQuotationsAndCodeArePassedOver() {
        for mark in ["| ", "# ", "> ", "    "] {
            let text = lines(0..<100) { _ in mark + Self.nearly(1) }
            #expect(verdicts(text, in: .reasoning, settings: Self.only).isEmpty, "\(mark)")
        }
    }

    @Test func rowsOfDigitsAreNoSentences() {
        #expect(verdicts(times(200, "1 0 0 1 1 0 1 0 0 0 1 0 0 1 1 0\n"), in: .reasoning, settings: Self.only).isEmpty)
    }

    @Test(arguments: [1, 2, 3, 17, 64])
    func simHashIsTheMajorityOfEveryBit(_ count: Int) {
        var dice = Dice(UInt64(count))
        let hashes = (0..<count).map { _ in dice.next() ^ dice.next() << 31 }
        var simhash = SimHash()
        for hash in hashes { simhash.add(hash) }
        var expected: UInt64 = 0
        for bit in 0..<64 where hashes.filter({ $0 >> UInt64(bit) & 1 == 1 }).count * 2 > count {
            expected |= 1 << UInt64(bit)
        }
        #expect(simhash.value == expected)
    }
}

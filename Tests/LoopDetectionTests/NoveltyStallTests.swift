import LoopDetection
import Testing

struct NoveltyStallTests {
    private static let only = DetectorSettings.only { $0.noveltyStall = NoveltyStallSettings() }

    private static let words = [
        "so", "now", "let", "me", "think", "about", "this", "again", "and", "see", "what", "is", "wrong", "here",
        "then",
        "maybe", "it", "was", "right", "before",
    ]

    /// Paragraphs over the same few words; the first has them all.
    private static func stalled(_ paragraphs: Int, with extra: (Int) -> String = { _ in "" }) -> String {
        (0..<paragraphs).map { index in
            let text = index == 0 ? words.joined(separator: " ") : shuffle(80, words, seed: UInt64(index))
            return text + " " + extra(index) + ".\n\n"
        }.joined()
    }

    @Test func reasoningThatBringsNoNewWordsIsEndedAndContentWarnedOf() throws {
        let stop = try #require(verdicts(Self.stalled(30), in: .reasoning, settings: Self.only).stop)
        #expect(stop.detector == .noveltyStall)
        #expect(try #require(stop.evidence.integer("segments")) >= 8)
        #expect(try #require(stop.evidence.integer("characters")) >= 6_000)
        #expect(try #require(stop.evidence.number("novelty")) <= 0.2)
        #expect(stop.evidence.text("text")?.isEmpty == false)
        #expect(verdicts(Self.stalled(30), in: .content, settings: Self.only).map(\.mode) == [.warn])
    }

    @Test func contentThatGoesOnWithoutNewWordsIsEndedLater() throws {
        let found = verdicts(Self.stalled(60), in: .content, settings: Self.only)
        #expect(found.map(\.mode) == [.warn, .stop])
        #expect(try #require(found.last?.evidence.integer("characters")) >= 12_000)
    }

    @Test func eightSegmentsMustStallInARow() {
        let settings = DetectorSettings.only {
            $0.noveltyStall = NoveltyStallSettings()
            $0.noveltyStall.characters = 0
        }
        // The first paragraph is short and makes one segment with the second, which is news.
        #expect(verdicts(Self.stalled(9), in: .reasoning, settings: settings).isEmpty)
        #expect(verdicts(Self.stalled(10), in: .reasoning, settings: settings).count == 1)
        let broken = (0..<6).map { Self.stalled(7) + freshProse(6, seed: UInt64($0)) + "\n\n" }.joined()
        #expect(verdicts(broken, in: .reasoning, settings: Self.only).isEmpty)
    }

    @Test func shortSegmentsMustBeMore() throws {
        func steps(_ count: Int) -> String {
            (1...count).map {
                "Step \($0): we add \($0 * 3) to the running total of all the parts, and the total is now \($0 * 20).\n\n"
            }
            .joined()
        }
        #expect(verdicts(steps(30), in: .reasoning, settings: Self.only).isEmpty)
        let stop = try #require(verdicts(steps(80), in: .reasoning, settings: Self.only).stop)
        #expect(try #require(stop.evidence.integer("characters")) >= 2_800)
    }

    @Test func shortParagraphsAreJudgedTogether() throws {
        let doubts = [
            "Wait, is it though?", "Let me think about the loop again.", "Maybe it begins at one.",
            "No, that is wrong.",
            "Then the last one would be missed.", "So it begins at zero after all.",
            "Hmm, that cannot be right either.",
        ]
        let text = shuffle(600, doubts, seed: 5, separator: "\n\n")
        #expect(try #require(verdicts(text, in: .reasoning, settings: Self.only).stop).byte < 8_000)
    }

    @Test(arguments: ["src/part%.swift", "read_part%", "readPart%X", "`p%`", "Part::m%"])
    func aNewConcreteNameIsProgress(_ name: String) {
        let progress = Self.stalled(40) { name.replacing("%", with: "\($0)") }
        #expect(verdicts(progress, in: .reasoning, settings: Self.only).isEmpty)
        let same = Self.stalled(40) { _ in name }
        #expect(verdicts(same, in: .reasoning, settings: Self.only).stop != nil)
    }

    @Test func numbersAreNoNewWords() {
        #expect(verdicts(Self.stalled(30) { "\($0 * 7_919)" }, in: .reasoning, settings: Self.only).stop != nil)
    }

    @Test func textWithoutBlankLinesIsCutIntoSegments() throws {
        let text = shuffle(6_000, Self.words, seed: 3)
        let stop = try #require(verdicts(text, in: .reasoning, settings: Self.only).stop)
        #expect(stop.byte > 9 * 700 && stop.byte < 11 * 700)
    }

    @Test func figuresCodeAndHeadingsAreNotJudged() {
        let figures = times(40, "1.25 + 3.75 = 5.00; 2.5 * 4.0 = 10.00; 17 % 5 = 2; 100 / 8 = 12.5 (x)\n\n")
        let code = "```\n" + Self.stalled(40) + "```\n"
        let headings = lines(0..<200) { _ in "## " + Self.words.joined(separator: " ") }
        for text in [figures, code, headings] { #expect(verdicts(text, in: .reasoning, settings: Self.only).isEmpty) }
    }

    @Test func shortParagraphsNeitherStallNorBreakAStall() {
        let text = (0..<30).map { shuffle(80, Self.words, seed: UInt64($0)) + "\n\nYes \($0).\n\n" }.joined()
        #expect(verdicts(text, in: .reasoning, settings: Self.only).stop != nil)
    }

    @Test func chineseIsJudgedByPairsOfCharacters() {
        let words = ["我们", "再次", "检查", "这个", "问题", "可能", "需要", "重新", "考虑", "方法"]
        let text = shuffle(6_000, words, seed: 4, separator: "")
        #expect(verdicts(text, in: .reasoning, settings: Self.only).stop?.detector == .noveltyStall)
    }
}

import LoopDetection
import Testing

/// The profile shows in how much repetition is borne: 1 KiB of a short period in prose, 4 KiB in code.
struct TextProfileTests {
    private static let settings = DetectorSettings.only { $0.tailRepeat = TailRepeatSettings() }
    private static let loop = times(1_000, "again ")

    /// The bytes of the loop that were let through behind a lead.
    private func borne(behind lead: String, jsonOutput: Bool = false) -> Int? {
        let text = lead + Self.loop
        let stop = verdicts(text.utf8, settings: Self.settings, jsonOutput: jsonOutput).stop
        return stop.map { $0.byte - lead.utf8.count }
    }

    private func isProse(_ bytes: Int?) -> Bool { bytes.map { (1_000..<1_200).contains($0) } ?? false }
    private func isCode(_ bytes: Int?) -> Bool { bytes.map { (4_000..<4_300).contains($0) } ?? false }

    @Test func runningTextIsProse() {
        #expect(isProse(borne(behind: "")))
        #expect(isProse(borne(behind: freshProse(30))))
        #expect(isProse(borne(behind: "One line with a comma,\n")))
    }

    @Test func anOpenFenceIsCodeAndAClosedOneIsNot() {
        #expect(isCode(borne(behind: "Look:\n\n```swift\n")))
        #expect(isCode(borne(behind: "~~~\n")))
        #expect(isCode(borne(behind: "````\n```\n")))
        let prose = times(10, "A line of text.\n")
        #expect(isProse(borne(behind: prose + "```\nlet a = 1\n```\n")))
        #expect(isProse(borne(behind: prose + "``` not `a fence\n")))
    }

    @Test func textIsCodeWhenItsRecentLinesAre() {
        for line in [
            "    indented\n", "call();\n", "| a | b |\n", "{\n", "\"key\": 1,\n", "<tag>\n", "│ a │ b │\n", "+---+\n",
        ] {
            #expect(isCode(borne(behind: times(20, line))), "\(line)")
            #expect(isCode(borne(behind: times(12, line) + times(8, "A line of text.\n"))), "\(line)")
            #expect(isProse(borne(behind: times(11, line) + times(9, "A line of text.\n"))), "\(line)")
            #expect(isCode(borne(behind: times(20, line + "\n"))), "\(line)")
        }
    }

    @Test func jsonOutputIsCode() { #expect(isCode(borne(behind: "", jsonOutput: true))) }

    @Test func anUnclosedFenceSilencesNothing() {
        let text = "```\n" + Self.loop
        #expect(verdicts(text).stop?.detector == .tailRepeat)
    }
}

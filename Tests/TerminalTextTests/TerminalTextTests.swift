import TerminalText
import Testing

@Suite struct PrintableText {
    @Test(arguments: [
        ("plain", "plain"), ("two\nlines\tand", "two\\nlines\\tand"), ("\u{1B}[2J", "\\u{1b}[2J"), ("a\rb", "a\\u{d}b"),
        ("\u{202E}txt", "\\u{202e}txt"), ("\u{9B}31m", "\\u{9b}31m"), ("père 👩‍🚀", "père 👩‍🚀"), ("\u{7F}", "\\u{7f}"),
    ])
    func holdsNothingThatATerminalObeys(text: String, expected: String) { #expect(text.printable == expected) }

    @Test func isCutWithAMark() {
        #expect("abcdef".cut(to: 6) == "abcdef")
        #expect("abcdefg".cut(to: 6) == "abcde…")
    }
}

@Suite struct BriefTimes {
    @Test(arguments: [
        (Duration.zero, "0.0 ms"), (.microseconds(1_240), "1.2 ms"), (.milliseconds(12), "12 ms"),
        (.milliseconds(999), "999 ms"), (.milliseconds(1_250), "1.25 s"), (.seconds(9.999), "10.00 s"),
        (.seconds(48.7), "48 s"), (.seconds(184), "3m 04s"), (.seconds(7_500), "2h 05m"), (.seconds(273_600), "3d 04h"),
        (.seconds(-3), "0 ms"),
    ])
    func readLikeAPersonSaysThem(time: Duration, expected: String) { #expect(time.brief == expected) }

    @Test func countsTakeTheirNoun() {
        #expect(1.counted("run") == "1 run")
        #expect(0.counted("run") == "0 runs")
    }
}

@Suite struct ATextTable {
    @Test func alignsItsColumns() {
        var table = TextTable([("NAME", .left), ("N", .right), ("NOTE", .left)])
        table.add(["a", "12", "x"])
        table.add(["longer", "3", ""])
        #expect(table.lines == ["NAME     N  NOTE", "a       12  x", "longer   3"])
    }
}

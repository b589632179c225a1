import LoopDetection
import Testing

struct ArgumentRepeatTests {
    private static let loop = times(400, "server-side scripting ")

    @Test func repetitionInAStringNamesItsRule() throws {
        let stop = try #require(verdicts(writeCall(Self.loop), in: .arguments).stop)
        #expect(stop.detector == .argumentRepeat)
        #expect(stop.channel == .arguments)
        #expect(stop.evidence.text("rule") == "tail_repeat")
        #expect(stop.evidence.integer("period") == 22)
    }

    @Test func escapedNewlinesEndLines() throws {
        var dice = Dice(4)
        let content = (0..<400).map { _ in
            dice.pick(["const first = await client.read();\n", "const second = await client.write();\n"])
        }.joined()
        let stop = try #require(verdicts(writeCall(content), in: .arguments).stop)
        #expect(stop.evidence.text("rule") == "line_repeat")
        #expect(stop.evidence.text("line")?.hasPrefix("const ") == true)
    }

    @Test func escapesCutInTheMiddleAreDecoded() throws {
        let escaped = #"{"text":""# + times(1_000, #"\u00e9\n\ud83d\ude0a\"\\"#) + #""}"#
        let whole = verdicts(escaped, in: .arguments)
        let stop = try #require(whole.stop)
        // é, newline, smiley, quote, backslash: 2 + 1 + 4 + 1 + 1 bytes of 24.
        #expect(stop.evidence.integer("period") == 9)
        #expect(try #require(stop.evidence.text("unit")).contains("😊"))
        for chunk in 1...40 { #expect(verdicts(escaped.utf8, in: .arguments, chunk: chunk) == whole) }
    }

    @Test func malformedEscapesAreNoTrouble() {
        for text in [#"{"a":"\uD83Dx\u12"#, #"{"a":"\ud83d\ud83d\u0041\uZZ\q"}"#, "\"\\", #"{"a":"\u12"}"#] {
            let whole = verdicts(text, in: .arguments)
            #expect(whole.isEmpty)
            for chunk in 1...5 { #expect(verdicts(text.utf8, in: .arguments, chunk: chunk) == whole) }
        }
    }

    @Test func repetitionOutsideStringsIsSeen() throws {
        let stop = try #require(verdicts(#"{"rows":["# + times(2_000, "[0,0],"), in: .arguments).stop)
        #expect(stop.evidence.integer("period") == 6)
    }

    @Test func whitespaceIsEndedOutsideStringsOnly() throws {
        let outside = try #require(verdicts(#"{"a":1,"# + times(3_000, " \n"), in: .arguments).stop)
        #expect(outside.evidence.text("rule") == "stutter")
        #expect(outside.byte < 2_100)
        #expect(verdicts(#"{"a":""# + times(1_500, " ") + times(1_500, "\\t") + #""}"#, in: .arguments).isEmpty)
    }

    @Test func argumentsHaveALimit() throws {
        var settings = DetectorSettings()
        settings.argumentRepeat.maxBytes = 1_000
        let text = freshProse(100)
        let stop = try #require(verdicts(text, in: .arguments, settings: settings).stop)
        #expect(stop.byte == 1_001)
        #expect(stop.evidence.text("rule") == "max_bytes")
        settings.argumentRepeat.maxBytes = 0
        #expect(verdicts(text, in: .arguments, settings: settings).isEmpty)
    }

    @Test func theModeIsTheOneOfArgumentRepeat() {
        var settings = DetectorSettings()
        settings.argumentRepeat.mode = .warn
        #expect(verdicts(writeCall(Self.loop), in: .arguments, settings: settings).map(\.mode) == [.warn])
        settings.argumentRepeat.mode = .off
        #expect(verdicts(writeCall(Self.loop), in: .arguments, settings: settings).isEmpty)
    }
}

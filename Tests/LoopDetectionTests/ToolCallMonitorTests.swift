import LoopDetection
import Testing

struct ToolNameRunTests {
    private func call(_ index: Int) -> (String, String) { ("read_file", "{\"path\":\"src/\(index).swift\"}") }

    @Test func theSameToolInARowWarnsAndThenStops() {
        var monitor = ToolConversation().monitor
        var modes: [Int: Mode] = [:]
        for index in 1...30 {
            for verdict in monitor.judge([call(index)]) where verdict.detector == .toolNameRun {
                modes[verdict.byte] = verdict.mode
                #expect(verdict.channel == nil)
            }
        }
        #expect(modes == [8: .warn, 24: .stop])
    }

    @Test func anotherToolResetsTheRun() {
        var calls: [(String, String)] = []
        for index in 0..<14 { calls.append(index % 7 == 6 ? ("glob", "{}") : call(index)) }
        var monitor = ToolConversation().monitor
        #expect(monitor.judge(calls).mode(.toolNameRun) == .off)
    }

    @Test func allCallsOfOneResponseAreCounted() {
        var monitor = ToolConversation().monitor
        let calls = (0..<64).map { ("tool\($0 % 5)", "{\"n\":\($0)}") }
        #expect(monitor.judge(Array(calls[..<15])).mode(.toolNameRun) == .off)
        #expect(monitor.judge([calls[15]]).mode(.toolNameRun) == .warn)
        #expect(monitor.judge(Array(calls[16..<63])).mode(.toolNameRun) == .off)
        let last = monitor.judge([calls[63]])
        #expect(last.mode(.toolNameRun) == .stop)
        #expect(last.evidence(.toolNameRun, "pattern") == "total")
    }

    @Test func exemptToolsNeitherCountNorReset() {
        var conversation = ToolConversation()
        conversation.settings.toolNameRun.exempt = ["poll"]
        var monitor = conversation.monitor
        let calls = (0..<8).flatMap { [call($0), ("poll", "{\"n\":\($0)}")] }
        let verdicts = monitor.judge(calls)
        #expect(verdicts.mode(.toolNameRun) == .warn)
        #expect(verdicts.evidence(.toolNameRun, "count") == "8")
    }

    @Test func thresholdsComeFromTheSettings() {
        var conversation = ToolConversation()
        conversation.settings.toolNameRun.run = WarnStop(warn: 0, stop: 3)
        #expect(conversation.next(call(1), call(2)).isEmpty)
        #expect(conversation.next(call(1), call(2), call(3)).mode == .stop)
        conversation.settings.toolNameRun.run = WarnStop(warn: 0, stop: 0)
        #expect(conversation.next(call(1), call(2), call(3)).isEmpty)
    }

    @Test(arguments: [Mode.off, .observe, .warn])
    func theModeIsACeiling(mode: Mode) {
        var conversation = ToolConversation()
        conversation.settings.toolNameRun.mode = mode
        conversation.settings.toolNameRun.run = WarnStop(warn: 1, stop: 2)
        #expect(conversation.next(call(1), call(2)).mode(.toolNameRun) == mode)
    }

    @Test func n19ParallelFanOutIsLeftAlone() {
        let cities = ["Oslo", "Lima", "Hanoi"].map { ("get_weather", "{\"city\":\"\($0)\"}") }
        var monitor = ToolConversation().monitor
        #expect(monitor.judge(cities).isEmpty)
        var reads = ToolConversation().monitor
        #expect(reads.judge((0..<8).map(call)).mode < .stop)
    }
}

struct ToolArgumentDedupTests {
    @Test func p21TheSameCommandManyTimesInOneResponse() {
        let call = ("bash", "{\"command\":\"mvn test\"}")
        let conversation = ToolConversation()
        #expect(conversation.next(call).isEmpty)
        #expect(conversation.next(call, call).mode(.argumentDedup) == .warn)
        let verdicts = conversation.next(call, call, call)
        #expect(verdicts.map(\.mode) == [.warn, .stop])
        #expect(verdicts.map(\.byte) == [2, 3])
        #expect(verdicts.evidence(.argumentDedup, "tool") == "bash")
        #expect(verdicts.evidence(.argumentDedup, "count") == "3")
        #expect(verdicts.evidence(.argumentDedup, "fingerprint")?.count == 32)
        #expect(verdicts.evidence(.argumentDedup, "arguments") == "{\"command\":\"mvn test\"}")
    }

    @Test func theFourthOfTheLastEightStops() {
        let a = ("bash", "{\"command\":\"ls\"}")
        func other(_ index: Int) -> (String, String) { ("bash", "{\"command\":\"cat \(index)\"}") }
        let conversation = ToolConversation()
        #expect(conversation.next(a, other(1), a, other(2), a, other(3)).mode(.argumentDedup) == .off)
        let verdicts = conversation.next(a, other(1), a, other(2), a, other(3), a)
        #expect(verdicts.mode(.argumentDedup) == .stop)
        #expect(verdicts.evidence(.argumentDedup, "pattern") == "window")
    }

    @Test func whatHasLeftTheWindowIsForgotten() {
        let a = ("bash", "{\"command\":\"ls\"}")
        func other(_ index: Int) -> (String, String) { ("bash", "{\"command\":\"cat \(index)\"}") }
        let calls = [a, other(1), a, other(2), a, other(3), other(4), other(5), other(6), a]
        var monitor = ToolConversation().monitor
        #expect(monitor.judge(calls).mode(.argumentDedup) == .off)
    }

    @Test func exemptToolsAreNotLookedAt() {
        var conversation = ToolConversation()
        conversation.settings.argumentDedup.exempt = ["wait"]
        let wait = ("wait", "{}")
        let a = ("bash", "{\"command\":\"ls\"}")
        #expect(conversation.next(wait, wait, wait, wait).isEmpty)
        #expect(conversation.next(a, wait, a, wait, a).mode(.argumentDedup) == .stop)
    }

    @Test func ignoredFieldsDoNotMakeCallsDifferent() {
        var conversation = ToolConversation()
        let calls = (0..<3).map { ("bash", "{\"command\":\"ls\",\"description\":\"try \($0)\",\"_i\":\($0)}") }
        #expect(conversation.next(calls[0], calls[1], calls[2]).mode(.argumentDedup) == .off)
        conversation.settings.argumentDedup.ignoreFields = ["bash": ["description"], "*": ["_i"]]
        #expect(conversation.next(calls[0], calls[1], calls[2]).mode(.argumentDedup) == .stop)
        let others = calls.map { ("shell", $0.1) }
        #expect(conversation.next(others[0], others[1], others[2]).mode(.argumentDedup) == .off)
    }

    @Test func aWindowOfNothingStillSeesCallsInARow() {
        var conversation = ToolConversation()
        conversation.settings.argumentDedup.window = 0
        let a = ("bash", "{\"command\":\"ls\"}")
        #expect(conversation.next(a, a, a).mode(.argumentDedup) == .stop)
    }

    @Test func secretsAreNotShown() {
        let call = (
            "http", "{\"api_key\":\"abc123\",\"header\":\"Authorization: Bearer eyJhbGci\",\"url\":\"https://x.test\"}"
        )
        let shown = ToolConversation().next(call, call).evidence(.argumentDedup, "arguments") ?? ""
        #expect(!shown.contains("abc123"))
        #expect(!shown.contains("eyJhbGci"))
        #expect(shown.contains("https://x.test"))
    }

    @Test func longArgumentsAreCut() {
        let call = ("write", "{\"content\":\"" + String(repeating: "é", count: 5_000) + "\"}")
        let shown = ToolConversation().next(call, call).evidence(.argumentDedup, "arguments") ?? ""
        #expect(shown.utf8.count <= Evidence.longestText)
        #expect(shown.utf8.count > Evidence.longestText - 4)
    }

    @Test func eachModeIsSpokenOnce() {
        var monitor = ToolConversation().monitor
        let verdicts = monitor.judge(Array(repeating: ("bash", "{\"command\":\"ls\"}"), count: 7))
        #expect(verdicts.filter { $0.detector == .argumentDedup }.map(\.mode) == [.warn, .stop])
    }
}

struct FingerprintTests {
    private func areEqual(_ left: (String, String), _ right: (String, String)) -> Bool {
        ToolConversation().next(left, right).mode(.argumentDedup) == .warn
    }

    @Test(arguments: [
        ("{\"a\":1,\"b\":\"é\"}", "{ \"b\" : \"\\u00e9\" , \"a\" : 1.0 }"), ("", "{}"), (" \n", "{ }"),
        ("{\"a\":1,\"a\":2}", "{\"a\":2}"), ("{\"x\":{\"q\":[1,2],\"p\":null}}", "{\"x\":{\"p\":null,\"q\":[1,2]}}"),
        ("{\"s\":\"\\/\"}", "{\"s\":\"/\"}"), ("{\"n\":1e3}", "{\"n\":1000}"), ("{\"cut\":", " {\"cut\":\n"),
    ])
    func spellingMakesNoDifference(left: String, right: String) {
        #expect(areEqual(("tool", left), ("tool", right)))
    }

    @Test(arguments: [
        ("{\"a\":1}", "{\"a\":2}"), ("{\"a\":1}", "{\"b\":1}"), ("{\"a\":[1,2]}", "{\"a\":[2,1]}"),
        ("{\"a\":\"1\"}", "{\"a\":1}"), ("{\"a\":null}", "{}"),
        ("{\"id\":9007199254740993}", "{\"id\":9007199254740992}"),
        ("{\"s\":\"é\"}", "{\"s\":\"e\u{301}\"}"), ("{\"s\":\"a\"}", "{\"s\":\"a \"}"),
        ("{\"p\":\"\\d+\"}", "{\"p\":\"\\s+\"}"),
    ])
    func meaningMakesADifference(left: String, right: String) {
        #expect(!areEqual(("tool", left), ("tool", right)))
    }

    @Test func theNameIsPartOfIt() {
        #expect(!areEqual(("a", "{}"), ("b", "{}")))
    }

    @Test func orderWhitespaceAndEscapesNeverMatter() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let value = Value.random(depth: 3, using: &generator)
            let left = value.spelled(using: &generator)
            let right = value.spelled(using: &generator)
            #expect(areEqual(("tool", left), ("tool", right)), "\(left) and \(right)")
        }
    }

    /// A JSON value that can be spelled in many ways.
    private indirect enum Value {
        case text(String)
        case number(Int)
        case list([Value])
        case object([(String, Value)])

        static func random(depth: Int, using generator: inout some RandomNumberGenerator) -> Value {
            func word() -> String {
                String(
                    (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                        "aé€😂\"\\\n/ z1".randomElement(using: &generator)!
                    }
                )
            }
            let kind = depth == 3 ? 3 : Int.random(in: 0...(depth == 0 ? 1 : 3), using: &generator)
            switch kind {
            case 0: return .text(word())
            case 1: return .number(Int.random(in: -1_000...1_000, using: &generator))
            case 2: return .list((0..<Int.random(in: 0...3)).map { _ in random(depth: depth - 1, using: &generator) })
            default:
                var names: Set<String> = []
                return .object(
                    (0..<Int.random(in: 0...4)).compactMap { _ in
                        let name = word()
                        return names.insert(name).inserted ? (name, random(depth: depth - 1, using: &generator)) : nil
                    }
                )
            }
        }

        func spelled(using generator: inout some RandomNumberGenerator) -> String {
            var gap: String { ["", " ", "\n\t", "  "].randomElement(using: &generator)! }
            func quoted(_ text: String) -> String {
                var output = "\""
                for scalar in text.unicodeScalars {
                    let mustEscape = scalar == "\"" || scalar == "\\" || scalar.value < 0x20
                    if mustEscape || Bool.random(using: &generator) {
                        for unit in String(scalar).utf16 {
                            let digits = String(unit, radix: 16, uppercase: Bool.random(using: &generator))
                            output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                        }
                    } else {
                        output.unicodeScalars.append(scalar)
                    }
                }
                return output + "\""
            }
            switch self {
            case .text(let text): return quoted(text)
            case .number(let number):
                return ["\(number)", "\(number).0", "\(number)e0"].randomElement(using: &generator)!
            case .list(let values):
                return "[" + gap + values.map { $0.spelled(using: &generator) }.joined(separator: gap + "," + gap) + "]"
            case .object(let members):
                let parts = members.shuffled(using: &generator).map { name, value in
                    quoted(name) + gap + ":" + gap + value.spelled(using: &generator)
                }
                return "{" + gap + parts.joined(separator: gap + "," + gap) + gap + "}"
            }
        }
    }
}

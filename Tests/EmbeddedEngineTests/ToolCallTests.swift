import Foundation
import Testing

@testable import EmbeddedEngine

@Suite struct JSONAutomatonTests {
    private func accepts(_ text: some Sequence<UInt8>) -> Bool {
        var automaton = JSONAutomaton()
        for byte in text where !automaton.take(byte) { return false }
        return automaton.isDone
    }

    @Test(arguments: [
        "{}", "{ }", #"{"a":1}"#, #"{"a": [1, -2.5e3, 0, -0, 0.1E-2, true, false, null, "x", {}, []]}"#,
        #"{"a\"\\\/\b\f\n\r\t\u00e9\uD7ff\uE000":"é大🙂\u0041"}"#, "{\n  \"a\": {\n    \"b\": [\n    ]\n  }\n}",
    ])
    func anObjectIsRecognised(_ text: String) {
        #expect(accepts(text.utf8))
        #expect((try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil)
    }

    @Test(arguments: [
        "", " {}", "[]", "1", "{", "{a:1}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,}"#, #"{"a":01}"#, #"{"a":1.}"#,
        #"{"a":.5}"#, #"{"a":-}"#, #"{"a":1e}"#, #"{"a":1e+}"#, #"{"a":1e999}"#, #"{"a":+1}"#, #"{"a":[1,]}"#,
        #"{"a":[1}}"#, #"{"a":tru}"#, #"{"a":"\x"}"#, #"{"a":"\ud800"}"#, #"{"a":"\u12g4"}"#, "{\"a\":\"\n\"}", "{}}",
        #"{"a":123456789012345678901}"#, #"{"a":1 2}"#,
    ])
    func whatIsNoObjectIsNotRecognised(_ text: String) { #expect(!accepts(text.utf8)) }

    @Test func brokenCharactersAndDeepNestingAreRefused() {
        for bytes in [[0xC3, 0x22], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0x80]]
            as [[UInt8]]
        {
            #expect(!accepts(Array(#"{"a":""#.utf8) + bytes + Array(#""}"#.utf8)))
        }
        func nested(_ depth: Int) -> String {
            #"{"a":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        #expect(accepts(nested(JSONAutomaton.maxDepth).utf8) && !accepts(nested(JSONAutomaton.maxDepth + 1).utf8))
        #expect(!accepts((#"{"a":"# + String(repeating: " ", count: JSONAutomaton.maxSpaces + 1) + "1}").utf8))
    }

    @Test func fromEveryPlaceThereIsAWayToTheEnd() throws {
        var random = SplitMix64(state: 5)
        let likely = Array(#"{}[]",:\u0019aeE+-.tfn é大"#.utf8)
        for round in 0..<3_000 {
            var automaton = JSONAutomaton()
            var text: [UInt8] = []
            for _ in 0..<(random.next() % 60) {
                let byte =
                    random.next() % 8 == 0
                    ? UInt8(truncatingIfNeeded: random.next()) : likely[Int(random.next() % UInt64(likely.count))]
                var next = automaton
                guard next.take(byte) else { continue }
                automaton = next
                text.append(byte)
            }
            while let byte = automaton.closingByte {
                let isTaken = automaton.take(byte)
                #expect(isTaken, "round \(round)")
                text.append(byte)
                try #require(text.count < 300)
            }
            #expect(automaton.isDone)
            let value = try? JSONSerialization.jsonObject(with: Data(text))
            #expect(value is [String: Any], "\(String(decoding: text, as: UTF8.self))")
        }
    }
}

/// A call that a client would see.
struct SeenCall: Equatable {
    var name = ""
    var arguments = ""
}

@Suite struct ToolCallTests {
    private static let names = ["look", "look_up", "a\"b", "z"]

    private func grammar(required: Bool = false, single: Bool = false) -> ToolCallGrammar {
        ToolCallGrammar(names: Self.names.map { Array($0.utf8) }, isRequired: required, isSingle: single)
    }

    private func run(
        _ model: any LanguageModel,
        _ change: @escaping (inout GenerationOptions) -> Void
    ) throws -> (text: String, calls: [SeenCall], outcome: Outcome, generated: Int) {
        let bench = Bench(model: model) { $0.outputCapacity = 100_000 }
        let reader = bench.reader("a") {
            $0.grammar = grammar()
            change(&$0)
        }
        try bench.submit(reader)
        let (text, calls, outcome) = reader.readAnswer()
        return (text, calls, outcome, reader.generation.generated)
    }

    private func isObject(_ text: String) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) is [String: Any]
    }

    @Test(arguments: [TestTokenizer.chatML, .textual].indices, 0..<40)
    func aModelThatWritesAnythingMakesWellFormedCalls(_ tokenizer: Int, _ seed: Int) throws {
        let model = HistoryModel([TestTokenizer.chatML, .textual][tokenizer])
        let limit = 60 + 23 * seed
        let single = seed % 2 == 0
        let result = try run(model) {
            $0.grammar = grammar(required: true, single: single)
            $0.maxTokens = limit
            $0.sampling = SamplingOptions(temperature: seed % 3 == 0 ? 0 : 2, seed: UInt64(seed))
        }
        try #require(!result.calls.isEmpty)
        #expect(single ? result.calls.count == 1 : true)
        for call in result.calls {
            #expect(Self.names.contains(call.name))
            #expect(isObject(call.arguments), "\(call.arguments)")
        }
        #expect(result.generated <= limit)
        #expect(result.outcome == .toolCalls || result.outcome == .length)
        if single { #expect(result.text.isEmpty) }
    }

    @Test(arguments: [TestTokenizer.chatML, .textual].indices)
    func aTrainedModelsCallIsTakenAsItIs(_ tokenizer: Int) throws {
        let text = """
            I look.<tool_call>
            {"name": "look_up", "arguments": {"q": "大 \\"x\\"", "n": [1, 2]}}
            </tool_call>
            <tool_call>
            {"name": "z", "arguments": {}}
            </tool_call>
            """
        let result = try run(ScriptedModel(text, [TestTokenizer.chatML, .textual][tokenizer])) { _ in }
        #expect(result.text == "I look.")
        #expect(
            result.calls == [
                SeenCall(name: "look_up", arguments: #"{"q": "大 \"x\"", "n": [1, 2]}"#),
                SeenCall(name: "z", arguments: "{}"),
            ]
        )
        #expect(result.outcome == .toolCalls)
    }

    @Test func aTokenMayReachOverTheMarkIfACallMayBeginSo() throws {
        let tokenizer = TestTokenizer(pieces: ["tool", ">{\"name", ">x"])
        let call = #"a<tool_call>{"name": "z", "arguments": {}}</tool_call>"#
        let result = try run(ScriptedModel(call, tokenizer)) { _ in }
        #expect(result.text == "a" && result.calls == [SeenCall(name: "z", arguments: "{}")])
        #expect(result.outcome == .toolCalls)
        // Else the token may not come, and something else comes in its place.
        var model = ScriptedModel("a<tool_call>x", tokenizer)
        model.others = 0
        let other = try run(model) { $0.logprobs = 0 }
        #expect(other.calls.isEmpty && other.text.hasPrefix("a<tool_call") && !other.text.contains(">x"))
        #expect(other.outcome == .stop)
    }

    @Test func aSingleCallEndsTheAnswer() throws {
        let call = #"<tool_call>{"name": "z", "arguments": {}}</tool_call>"#
        let result = try run(ScriptedModel(call + call + "more", .chatML)) { $0.grammar = grammar(single: true) }
        #expect(result.calls.count == 1 && result.outcome == .toolCalls && result.text.isEmpty)
    }

    @Test func aNameThatIsNotOfferedBecomesOneThatIs() throws {
        var model = ScriptedModel(#"<tool_call>{"name": "lookat", "arguments": {"a": 1}}</tool_call>"#, .chatML)
        model.others = 0
        let result = try run(model) { $0.sampling.temperature = 0 }
        #expect(result.calls.first.map { Self.names.contains($0.name) } == true)
    }

    @Test func aCallWithoutRoomIsNotBegun() throws {
        var model = ScriptedModel(#"<tool_call>{"name": "z", "arguments": {}}</tool_call>"#, .chatML)
        model.others = 0
        let result = try run(model) { $0.maxTokens = 10 }
        #expect(result.calls.isEmpty && result.outcome == .length)
    }

    @Test func aCallThatIsCutSaysLengthAndIsStillJSON() throws {
        let long = String(repeating: "word ", count: 200)
        var model = ScriptedModel(
            #"<tool_call>{"name": "z", "arguments": {"a": {"b": "\#(long)"}}}</tool_call>"#,
            .chatML
        )
        model.others = 0
        let result = try run(model) { $0.maxTokens = 120 }
        #expect(result.calls.count == 1 && isObject(result.calls[0].arguments))
        #expect(result.outcome == .length && result.generated <= 120)
    }

    @Test func withoutRoomForARequiredCallTheAnswerSaysLength() throws {
        let result = try run(HistoryModel(TestTokenizer.chatML)) {
            $0.grammar = grammar(required: true)
            $0.maxTokens = 8
        }
        #expect(result.outcome == .length && result.generated == 8)
    }

    @Test func stopStringsEndTextButNotCalls() throws {
        let text = #"one two<tool_call>{"name": "z", "arguments": {"a": "END"}}</tool_call> three END four"#
        let result = try run(ScriptedModel(text, .chatML)) { $0.stops = [Array("END".utf8)] }
        #expect(result.text == "one twothree ")
        #expect(result.calls == [SeenCall(name: "z", arguments: #"{"a": "END"}"#)])
        #expect(result.outcome == .toolCalls)
    }

    @Test func withoutToolsTheMarksAreText() throws {
        let result = try run(ScriptedModel("a<tool_call>b", .textual)) { $0.grammar = nil }
        #expect(result.text == "a<tool_call>b" && result.outcome == .stop)
    }

    @Test func aTextThatOnlyLooksLikeAMarkIsGivenOut() throws {
        let result = try run(ScriptedModel("a<tool_cat> <tool", .textual)) { _ in }
        #expect(result.text == "a<tool_cat> <tool" && result.outcome == .stop)
    }
}

import GenerationWire
import JSONBytes
import Testing

/// What a payload says, in words: kind, choice, text.
private func says(_ payload: String, _ format: WireFormat = .chatCompletions) -> [String] {
    let bytes = Array(payload.utf8)
    var stream = format.makeStream(id: "r", created: 0, model: "m")
    var events: [WireEvent] = []
    guard stream.read(bytes.span, into: &events) == .chunk else { return ["no chunk"] }
    return events.map { event in
        let call = event.kind == .toolCall ? " #\(event.call.map(String.init) ?? "?")" : ""
        let name = event.name.map { " " + JSONString.string(bytes.span, $0) } ?? ""
        return "\(event.kind) \(event.choice)\(call)\(name): \(JSONString.string(bytes.span, event.text))"
    }
}

private func delta(_ delta: String) -> String { #"{"choices":[{"index":0,"delta":\#(delta)}]}"# }

@Suite struct ReadingChatChunks {
    @Test func text() {
        #expect(says(delta(#"{"content":"a\u00e9\n"}"#)) == ["content 0: aé\n"])
        #expect(says(delta(#"{"content":""}"#)).isEmpty)
        #expect(says(delta(#"{"content":null}"#)).isEmpty)
        #expect(says(delta(#"{"refusal":"No."}"#)) == ["content 0: No."])
    }

    @Test(arguments: ["reasoning", "reasoning_content"])
    func reasoning(field: String) {
        #expect(says(delta("{\"\(field)\":\"hm\"}")) == ["reasoning 0: hm"])
    }

    @Test func reasoningSentTwiceIsReadOnce() {
        #expect(says(delta(#"{"reasoning":"hm","reasoning_content":"hm"}"#)) == ["reasoning 0: hm"])
        #expect(says(delta(#"{"reasoning_details":[{"text":"hm"}],"reasoning":"hm"}"#)) == ["reasoning 0: hm"])
        #expect(says(delta(#"{"reasoning_details":[{"type":"t","text":"hm"}]}"#)) == ["reasoning 0: hm"])
    }

    @Test func typedPartsOfContent() {
        let parts = #"[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"so"}]"#
        #expect(says(delta("{\"content\":\(parts)}")) == ["reasoning 0: hm", "content 0: so"])
    }

    @Test func toolCalls() {
        let call = #"{"tool_calls":[{"index":2,"id":"x","function":{"name":"f","arguments":"{\"a\""}}]}"#
        #expect(says(delta(call)) == ["toolCall 0 #2 f: {\"a\""])
        #expect(says(delta(#"{"tool_calls":[{"function":{"arguments":{"a":1}}}]}"#)) == ["toolCall 0 #?: {\"a\":1}"])
        #expect(says(delta(#"{"function_call":{"name":"f"}}"#)) == ["toolCall 0 #-1 f: "])
    }

    @Test func theEndOfAChoiceComesAfterItsDelta() {
        let payload = #"{"choices":[{"finish_reason":"stop","delta":{"content":"x","role":"assistant"},"index":3}]}"#
        #expect(says(payload) == ["content 3: x", "role 3: ", "finish 3: stop"])
    }

    @Test func severalChoices() {
        let payload = #"{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}"#
        #expect(says(payload) == ["content 1: b", "content 0: a"])
    }

    @Test(arguments: ["", "{", "[]", "7", "{}", #"{"choices":[}"#, #"{"a":1} x"#, "{\"choices\":[]}{"])
    func whatIsNoChunkIsUnreadable(payload: String) {
        #expect(says(payload) == ["no chunk"])
    }

    @Test func marksAndErrorsAreTold() {
        var events: [WireEvent] = []
        var stream = WireFormat.chatCompletions.makeStream(id: "r", created: 0, model: "m")
        #expect(stream.read(Array(" [DONE] ".utf8).span, into: &events) == .done)
        #expect(stream.read(Array(#"{"error":{"message":"x"}}"#.utf8).span, into: &events) == .error)
        #expect(stream.read(Array(#"{"error":null,"choices":[]}"#.utf8).span, into: &events) == .chunk)
    }

    @Test func countsAreTakenFromUsageAndTimings() {
        var events: [WireEvent] = []
        var stream = WireFormat.chatCompletions.makeStream(id: "r", created: 0, model: "m")
        _ = stream.read(Array(#"{"choices":[],"timings":{"prompt_n":4,"predicted_n":2}}"#.utf8).span, into: &events)
        #expect(stream.usage == Usage(promptTokens: 4, completionTokens: 2, isEstimated: false))
        let usage = #"{"choices":[],"usage":{"completion_tokens":9,"prompt_tokens":5},"timings":{"predicted_n":1}}"#
        _ = stream.read(Array(usage.utf8).span, into: &events)
        #expect(stream.usage == Usage(promptTokens: 5, completionTokens: 9, isEstimated: false))
        _ = stream.read(Array(#"{"choices":[],"usage":null}"#.utf8).span, into: &events)
        #expect(stream.usage?.completionTokens == 9)
    }

    @Test func completionsHaveTextAndAnEnd() {
        let payload = #"{"choices":[{"text":"x","index":1,"logprobs":null,"finish_reason":"length"}]}"#
        #expect(says(payload, .completions) == ["content 1: x", "finish 1: length"])
    }
}

@Suite struct RemovingChoices {
    private func removing(_ indices: Set<Int>, _ payload: String) -> String? {
        OpenAIChoices.removing(indices, from: Array(payload.utf8).span).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func onlyTheListChanges() {
        let payload = #"{"id":"a" ,"choices":[ {"index":1,"d":[1]}, {"index":0} ] ,"z":{"choices":[]}}"#
        #expect(removing([1], payload) == #"{"id":"a" ,"choices":[{"index":0}] ,"z":{"choices":[]}}"#)
        #expect(removing([0, 1], payload) == #"{"id":"a" ,"choices":[] ,"z":{"choices":[]}}"#)
        #expect(removing([2], payload) == nil)
        #expect(removing([0], "{\"choices\":[}") == nil)
    }
}

/// A format reads payloads that look like the one before by a shortcut; what it reads must be what a fresh format reads.
@Suite struct PayloadsThatLookAlike {
    private func isReadAsByAFreshReader(_ payloads: [String], _ format: WireFormat = .chatCompletions) {
        var stream = format.makeStream(id: "r", created: 0, model: "m")
        for payload in payloads {
            let bytes = Array(payload.utf8)
            var (events, expected): ([WireEvent], [WireEvent]) = ([], [])
            var fresh = format.makeStream(id: "r", created: 0, model: "m")
            let kind = stream.read(bytes.span, into: &events)
            #expect(fresh.read(bytes.span, into: &expected) == kind, "\(payload)")
            #expect(events == expected, "\(payload)")
        }
    }

    private func chunk(_ delta: String, rest: String = "") -> String {
        #"{"id":"c","model":"m","choices":[{"index":0,"delta":\#(delta),"finish_reason":null}]\#(rest)}"#
    }

    @Test func areReadAlike() {
        let texts = ["a", "b", #"\n\u00e9\\"#, "日本語", #"say \\\"x\\\""#, "", "c", #"end\\"#, "d"]
        isReadAsByAFreshReader(texts.map { chunk("{\"content\":\"\($0)\"}") })
        isReadAsByAFreshReader(texts.map { chunk("{\"reasoning\":\"\($0)\"}") })
        isReadAsByAFreshReader(
            texts.map { chunk("{\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"\($0)\"}}]}") }
        )
        isReadAsByAFreshReader(
            texts.map { #"{"id":"c","choices":[{"text":"\#($0)","index":0,"finish_reason":null}]}"# },
            .completions
        )
    }

    @Test func butNotWhenTheyOnlyBeginAlike() {
        let alike = (0..<4).map { chunk("{\"content\":\"t\($0)\"}") }
        let others = [
            chunk(#"{"content":"x","role":"assistant"}"#), chunk(#"{"content":"x"}"#, rest: #","usage":{"#),
            chunk(#"{"content":"x"}"#, rest: #","usage":{"completion_tokens":3}"#),
            #"{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"x"#,
            #"{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}"#,
            chunk(#"{"content":["x"]}"#), chunk(#"{"content":null}"#), chunk("{\"content\":\"a\u{1}\"}"),
            chunk(#"{"content":"x\q"}"#), chunk(#"{"content":"x"}"#) + " ", "", "[DONE]",
        ]
        for other in others { isReadAsByAFreshReader(alike + [other] + alike) }
    }

    @Test func orWhenTheyAlwaysDiffer() {
        let texts = (0..<60).map { number in
            chunk("{\"content\":\"t\(number)\"}", rest: ",\"obfuscation\":\"\(number * 7919)\"")
        }
        isReadAsByAFreshReader(texts)
    }

    @Test func usageIsNotForgotten() {
        var stream = WireFormat.chatCompletions.makeStream(id: "r", created: 0, model: "m")
        var events: [WireEvent] = []
        for number in 1...5 {
            let usage = #","usage":{"prompt_tokens":1,"completion_tokens":\#(number)}"#
            _ = stream.read(Array(chunk(#"{"content":"x"}"#, rest: usage).utf8).span, into: &events)
            #expect(stream.usage?.completionTokens == number)
        }
    }
}

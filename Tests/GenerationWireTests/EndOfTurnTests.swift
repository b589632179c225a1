import GenerationWire
import Testing

/// Whether a person spoke last, in every format that has messages.
@Suite struct EndOfTurnTests {
    private func request(_ format: WireFormat, _ body: String) -> GenerationRequest {
        GenerationRequest(format: format, body: Array(body.utf8).span)
    }

    @Test(arguments: [
        (WireFormat.chatCompletions, #"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}]}"#),
        (.chatCompletions, #"{"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"user":"u"}"#),
        (.responses, #"{"input":"hi"}"#),
        (.responses, #"{"input":[{"role":"user","content":"hi"}]}"#),
        (
            .responses,
            #"{"input":[{"type":"function_call_output","call_id":"c","output":"o"},{"role":"user","content":"hi"}]}"#
        ),
        (.messages, #"{"messages":[{"role":"user","content":"hi"}]}"#),
        (
            .messages,
            #"{"messages":[{"role":"assistant","content":"a"},{"role":"user","content":[{"type":"text","text":"hi"}]}]}"#
        ),
        (.ollamaChat, #"{"messages":[{"role":"tool","content":"t"},{"role":"user","content":"hi"}]}"#),
    ])
    func aPersonSpokeLast(_ format: WireFormat, _ body: String) {
        #expect(request(format, body).endsWithUserText)
    }

    @Test(arguments: [
        (
            WireFormat.chatCompletions,
            #"{"messages":[{"role":"user","content":"hi"},{"role":"tool","tool_call_id":"t","content":"r"}]}"#
        ),
        (.chatCompletions, #"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"The"}]}"#),
        (.chatCompletions, #"{"messages":[]}"#),
        (
            .responses,
            #"{"input":[{"role":"user","content":"hi"},{"type":"function_call_output","call_id":"c","output":"o"}]}"#
        ),
        (.responses, #"{"previous_response_id":"r"}"#),
        (
            .messages,
            #"{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"},{"type":"text","text":"r"}]}]}"#
        ),
        (.ollamaChat, #"{"messages":[{"role":"user","content":"hi"},{"role":"tool","content":"t"}]}"#),
        (.completions, #"{"prompt":"hi"}"#),
        (.ollamaGenerate, #"{"prompt":"hi"}"#),
        (.llamaCompletion, #"{"prompt":"hi"}"#),
        (.chatCompletions, "no JSON"),
    ])
    func nobodySpokeLast(_ format: WireFormat, _ body: String) {
        #expect(!request(format, body).endsWithUserText)
    }

    @Test func whatAClientSaysByItselfIsNobodysWord() {
        let text = "Output token limit hit. Resume directly — no apology."
        #expect(
            !request(.messages, #"{"messages":[{"role":"user","content":"\#(text)"}],"model":"m"}"#).endsWithUserText
        )
        #expect(!request(.responses, #"{"input":"\#(text)"}"#).endsWithUserText)
        let later = #"{"messages":[{"role":"user","content":"\#(text)"},{"role":"assistant","content":"a"},"#
        #expect(request(.messages, later + #"{"role":"user","content":"hi"}]}"#).endsWithUserText)
    }

    @Test func theMembersThatTellOfBelongingAreFound() throws {
        let body =
            #"{"metadata":{"run_id":"r"},"user":"u","model":"m","prompt_cache_key":"k","client_metadata":{},"messages":[]}"#
        let members = request(.chatCompletions, body).belonging
        func text(_ range: Range<Int>?) throws -> String {
            String(decoding: Array(body.utf8)[try #require(range)], as: UTF8.self)
        }
        #expect(try text(members.metadata) == #"{"run_id":"r"}"#)
        #expect(try text(members.clientMetadata) == "{}")
        #expect(try text(members.promptCacheKey) == #""k""#)
        #expect(try text(members.user) == #""u""#)
    }
}

import GenerationWire
import Testing

private func request(_ body: String, path: String = "/v1/chat/completions") -> GenerationRequest? {
    GenerationRequest(path: path, body: Array(body.utf8).span)
}

@Suite struct ReadingARequest {
    @Test(arguments: [
        ("/v1/chat/completions", WireFormat.chatCompletions), ("/chat/completions", .chatCompletions),
        ("/openai/v1/chat/completions?api-version=1", .chatCompletions), ("/v1/completions", .completions),
        ("/v1/responses", .responses), ("/responses", .responses), ("/v1/messages?beta=true", .messages),
        ("/api/chat", .ollamaChat), ("/api/generate", .ollamaGenerate), ("/completion", .llamaCompletion),
        ("/completions", .llamaCompletion), ("/infill", .llamaCompletion),
    ])
    func thePathTellsTheFormat(path: String, format: WireFormat) {
        #expect(request("{}", path: path)?.format == format)
    }

    @Test(arguments: [
        "/v1/models", "/v1/chat/completions/x", "/", "", "/v1/responses/resp_1", "/v1/messages/count_tokens",
        "/api/tags",
    ])
    func otherPathsAreNotGuarded(path: String) {
        #expect(request("{}", path: path) == nil)
    }

    @Test func theFactsAreReadInAnyOrder() throws {
        let read = try #require(
            request(
                #"{"n":3,"stream_options":{"include_usage":true},"messages":[],"stream":true,"x":[1,{"n":9}],"#
                    + #""response_format":{"type":"json_schema","json_schema":{}},"model":"qwen\u0033"}"#
            )
        )
        #expect(read.model == "qwen3")
        #expect(read.stream && read.includeUsage && read.jsonOutput)
        #expect(read.choices == 3)
    }

    @Test func whatIsMissingOrOfAnotherTypeHasItsDefault() throws {
        for body in ["{}", #"{"model":null,"stream":"yes","n":"two","stream_options":null,"response_format":7}"#] {
            let read = try #require(request(body))
            #expect(read.model.isEmpty && !read.stream && !read.includeUsage && !read.jsonOutput)
            #expect(read.choices == 1)
        }
    }

    @Test(arguments: ["", "hello", "[1]", "{\"model\":", "{\"model\":\"a\"", "null"])
    func aBodyThatIsNoObjectIsTheEnginesToRefuse(body: String) throws {
        let read = try #require(request(body))
        #expect(read.conversation == Conversation())
        #expect(read.choices == 1)
    }

    @Test func whatIsSaidTwiceIsReadTwice() throws {
        let read = try #require(
            request(#"{"json_schema":{},"response_format":{"type":"json_object"},"model":"after"}"#)
        )
        #expect(read.jsonOutput)
        #expect(read.model == "after")
    }

    @Test(arguments: [#"{"type":"text"}"#, "null", "{}"])
    func plainTextIsNotJSONOutput(format: String) {
        #expect(request("{\"response_format\":\(format)}")?.jsonOutput == false)
    }

    @Test(arguments: [-5, 0, 1_000_000])
    func anAbsurdNumberOfChoicesIsNotBelieved(number: Int) throws {
        #expect((1...128).contains(try #require(request("{\"n\":\(number)}")).choices))
    }
}

@Suite struct ReadingAConversation {
    private static let body = #"""
        {"tools":[{"type":"function","function":{"name":"read","parameters":{"name":"no"}}},{"name":"flat"}],
         "messages":[
          {"role":"system","content":"You are careful."},
          {"role":"user","content":"Look at a.txt"},
          {"role":"assistant","content":null,"tool_calls":[
            {"id":"c1","type":"function","function":{"name":"read","arguments":"{\"path\": \"a.txt\"}"}},
            {"id":"c2","type":"function","function":{"arguments":"{}","name":"list"}}]},
          {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}]},
          {"tool_call_id":"c1","content":"No such file\nor directory","role":"tool"},
          {"role":"user","content":[{"type":"text","text":"Try b.txt"}]},
          {"role":"assistant","content":"","tool_calls":[
            {"id":"c3","type":"function","function":{"name":"read","arguments":"{\"path\":\"b.txt\"}"}}]}
         ]}
        """#

    @Test func callsArePairedWithResultsByID() throws {
        let conversation = try #require(request(Self.body)).conversation
        #expect(conversation.userTurns == 2)
        #expect(conversation.offeredTools == ["read", "flat"])
        #expect(conversation.rounds.map(\.turn) == [1, 2])
        let first = conversation.rounds[0].calls
        #expect(first.map(\.name) == ["read", "list"])
        #expect(String(decoding: first[0].arguments, as: UTF8.self) == #"{"path": "a.txt"}"#)
        #expect(first[0].result == .init(text: Array("No such file\nor directory".utf8), message: 4))
        #expect(first[1].result == .init(text: Array("one\ntwo".utf8), message: 3))
        #expect(conversation.rounds[1].calls[0].result == nil)
    }

    @Test func legacyFunctionCallsArePairedByName() throws {
        let read = try #require(
            request(
                #"""
                {"functions":[{"name":"add"}],"messages":[{"role":"user","content":"1+1"},
                 {"role":"assistant","content":null,"function_call":{"name":"add","arguments":"{\"a\":1}"}},
                 {"role":"function","name":"add","content":"2"}]}
                """#
            )
        )
        #expect(read.conversation.offeredTools == ["add"])
        #expect(read.conversation.rounds[0].calls[0].result?.text == Array("2".utf8))
    }

    @Test func aResultWithoutItsCallIsLeftOut() throws {
        let read = try #require(request(#"{"messages":[{"role":"tool","tool_call_id":"x","content":"?"}]}"#))
        #expect(read.conversation.rounds.isEmpty)
    }
}

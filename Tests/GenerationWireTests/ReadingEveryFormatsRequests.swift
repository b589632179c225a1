import GenerationWire
import Testing

private func request(_ format: WireFormat, _ body: String) -> GenerationRequest {
    GenerationRequest(format: format, body: Array(body.utf8).span)
}

private func texts(_ conversation: Conversation) -> [[String]] {
    conversation.rounds.map { round in
        round.calls.map { call in
            let result = call.result.map { String(decoding: $0.text, as: UTF8.self) } ?? "-"
            return "\(call.name)(\(String(decoding: call.arguments, as: UTF8.self)))=\(result)"
        }
    }
}

@Suite struct ReadingEveryFormatsRequests {
    @Test(arguments: WireFormat.allCases) func onlyOllamaStreamsUnasked(format: WireFormat) {
        let isOllama = format == .ollamaChat || format == .ollamaGenerate
        #expect(request(format, "{}").stream == isOllama)
        #expect(request(format, #"{"stream":null}"#).stream == isOllama)
        #expect(request(format, #"{"stream":true}"#).stream)
        #expect(!request(format, #"{"stream":false,"model":"m"}"#).stream)
        #expect(request(format, "nonsense").stream == isOllama)
    }

    @Test(arguments: [
        (WireFormat.responses, #"{"text":{"format":{"type":"json_schema","schema":{}}}}"#),
        (.messages, #"{"output_config":{"format":{"type":"json_schema"}}}"#), (.ollamaChat, #"{"format":"json"}"#),
        (.ollamaGenerate, #"{"format":{"type":"object"}}"#), (.llamaCompletion, #"{"json_schema":{}}"#),
        (.llamaCompletion, #"{"grammar":"root ::= x"}"#),
    ])
    func jsonOutputIsSeen(format: WireFormat, body: String) {
        #expect(request(format, body).jsonOutput)
    }

    @Test(arguments: [
        (WireFormat.responses, #"{"text":{"format":{"type":"text"}}}"#), (.ollamaChat, #"{"format":""}"#),
        (.ollamaChat, #"{"format":null}"#), (.llamaCompletion, #"{"grammar":""}"#),
    ])
    func plainTextIsNot(format: WireFormat, body: String) {
        #expect(!request(format, body).jsonOutput)
    }

    @Test(arguments: [
        (WireFormat.completions, #"{"best_of":2}"#), (.completions, #"{"echo":true}"#),
        (.chatCompletions, #"{"use_beam_search":true,"n":2}"#), (.responses, #"{"background":true}"#),
        (.llamaCompletion, #"{"prompt":["a","b"]}"#), (.llamaCompletion, #"{"n_cmpl":2}"#),
    ])
    func whatCannotBeStreamedIsSeen(format: WireFormat, body: String) {
        #expect(request(format, body).refusesStreaming)
    }

    @Test func severalPromptsAreSeveralChoices() {
        #expect(request(.completions, #"{"prompt":["a","b","c"],"n":2}"#).choices == 6)
        #expect(request(.completions, #"{"prompt":[1,2,3]}"#).choices == 1)
        #expect(!request(.llamaCompletion, #"{"prompt":[1,2,3]}"#).refusesStreaming)
    }

    @Test func theSameMembersHaveTheSameFingerprint() {
        let first = request(.chatCompletions, #"{"model":"a","n":1}"#)
        #expect(first.members == request(.chatCompletions, #"{"n":2,"model":"b"}"#).members)
        #expect(first.members != request(.chatCompletions, #"{"model":"a","m":1}"#).members)
    }
}

@Suite struct ReadingEveryFormatsConversation {
    @Test func anthropicPairsByIDAndKnowsErrors() {
        let read = request(
            .messages,
            #"""
            {"tools":[{"name":"read","input_schema":{"type":"object","properties":{"name":{"type":"string"}}}}],
            "messages":[{"role":"user","content":"go"},
            {"role":"assistant","content":[{"type":"text","text":"x"},
            {"type":"tool_use","id":"a","name":"read","input":{"p":1},"cache_control":{"type":"ephemeral"}},
            {"type":"tool_use","id":"b","name":"read","input":{"p":2}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"b","is_error":true,"content":"no"},
            {"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"yes","cache_control":{}},
            {"type":"text","text":"sir"}]},{"type":"text","text":"a reminder"}]}]}
            """#
        ).conversation
        #expect(texts(read) == [["read({\"p\":1})=yes\nsir", "read({\"p\":2})=no"]])
        #expect(read.rounds[0].calls.map { $0.result?.isError } == [nil, true])
        #expect(read.userTurns == 1 && read.rounds[0].turn == 1)
        #expect(read.offeredTools == ["read"])
    }

    @Test func responsesPairsItemsByCallID() {
        let read = request(
            .responses,
            #"""
            {"tools":[{"type":"function","name":"f"}],"input":[{"role":"user","content":"go"},
            {"type":"reasoning","summary":[]},
            {"type":"function_call","call_id":"1","name":"f","arguments":"{\"a\":1}"},
            {"type":"function_call","call_id":"2","name":"f","arguments":"{\"a\":2}"},
            {"type":"function_call_output","call_id":"2","output":"two"},
            {"type":"function_call_output","call_id":"1","output":[{"type":"input_text","text":"one"}]},
            {"type":"custom_tool_call","call_id":"3","name":"g","input":"raw"},
            {"type":"custom_tool_call_output","call_id":"3","output":"three","status":"incomplete"},
            {"type":"local_shell_call","call_id":"4","action":{"command":["ls"]}},
            {"type":"local_shell_call_output","call_id":"4","output":"x"}]}
            """#
        ).conversation
        #expect(
            texts(read) == [
                ["f({\"a\":1})=one", "f({\"a\":2})=two"], ["g(raw)=three"], ["local_shell({\"command\":[\"ls\"]})=x"],
            ]
        )
        #expect(read.rounds[1].calls[0].result?.isError == true)
        #expect(read.userTurns == 1 && read.offeredTools == ["f"])
        #expect(request(.responses, #"{"input":"hello"}"#).conversation.userTurns == 1)
    }

    @Test func ollamaPairsByOrder() {
        let read = request(
            .ollamaChat,
            #"""
            {"messages":[{"role":"user","content":"go"},{"role":"assistant","content":"","tool_calls":[
            {"function":{"name":"f","arguments":{"a":1}}},{"function":{"name":"g","arguments":{}}},
            {"function":{"name":"f","arguments":{"a":2}}}]},{"role":"tool","tool_name":"f","content":"one"},
            {"role":"tool","tool_name":"f","content":"two"},{"role":"tool","content":"gee"},
            {"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a":3}}}]},
            {"role":"tool","content":"three"}]}
            """#
        ).conversation
        #expect(texts(read) == [["f({\"a\":1})=one", "g({})=gee", "f({\"a\":2})=two"], ["f({\"a\":3})=three"]])
    }

    @Test func picturesThatDifferAreDifferentResults() {
        func result(_ data: String, _ mark: String = "") -> [[String]] {
            texts(
                request(
                    .messages,
                    #"{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"see","input":{}}]},"#
                        + #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"image","#
                        + "\"source\":{\"data\":\"\(data)\"}\(mark)}]}]}]}"
                ).conversation
            )
        }
        #expect(result("aaaaaaaaaaaaaaaa") != result("aaaaaaaaaaaaaaab"))
        #expect(result("aaaa") == result("aaaa", #","cache_control":{"type":"ephemeral"}"#))
    }

    @Test func whatAnEngineRemembersCanBePutInFront() {
        var read = request(
            .responses,
            #"{"previous_response_id":"r1","input":[{"type":"function_call_output","call_id":"1","output":"x"}]}"#
        )
        #expect(read.thread?.previousResponse == "r1" && read.conversation.rounds.isEmpty)
        read.recall([.user, .call(id: "1", name: "f", arguments: Array("{}".utf8))])
        #expect(texts(read.conversation) == [["f({})=x"]])
        #expect(request(.responses, #"{"conversation":{"id":"c"}}"#).thread?.conversation == "c")
        #expect(request(.responses, #"{"conversation":"c"}"#).thread?.conversation == "c")
    }
}

@Suite struct AskingForAStream {
    private func streamed(_ body: String, _ format: WireFormat = .chatCompletions) -> String? {
        StreamedRequest.body(from: Array(body.utf8).span, format: format).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func onlyWhatMustChangeChanges() {
        #expect(
            streamed(#"{ "a" : 1.0, "stream" : false ,"b":"\u00e9"}"#)
                == #"{"stream_options":{"include_usage":true}, "a" : 1.0, "stream" : true ,"b":"\u00e9"}"#
        )
        #expect(streamed("{}") == #"{"stream":true,"stream_options":{"include_usage":true}}"#)
        #expect(streamed(#" {"a":1}"#, .messages) == #" {"stream":true,"a":1}"#)
        #expect(streamed(#"{"stream":false}"#, .ollamaChat) == #"{"stream":true}"#)
        #expect(
            streamed(#"{"stream":null,"stream_options":{"x":1,"include_usage":false}}"#)
                == #"{"stream":true,"stream_options":{"x":1,"include_usage":true}}"#
        )
        #expect(
            streamed(#"{"stream":false,"stream_options":{"x":1}}"#)
                == #"{"stream":true,"stream_options":{"include_usage":true,"x":1}}"#
        )
        #expect(
            streamed(#"{"stream":false,"stream_options":null}"#)
                == #"{"stream":true,"stream_options":{"include_usage":true}}"#
        )
    }

    @Test(arguments: ["", "[]", "{", "{} x", "null"]) func whatIsNoObjectIsLeftAlone(body: String) {
        #expect(streamed(body) == nil)
    }
}

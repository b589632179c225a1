import EmbeddedEngine
import Foundation
import Testing

/// What the fields of a request do, over HTTP.
@Suite struct APITests {
    private func post(
        _ body: String,
        to path: String = "chat/completions",
        model: any LanguageModel = HistoryModel(TestTokenizer.chatML),
        _ change: @escaping (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> Response {
        var response: Response?
        let configuration = EngineConfiguration.test {
            $0.model = model
            change(&$0)
        }
        try await withEngine(configuration) { _, address in
            let client = try await TestClient(address)
            try await client.send("POST", "/v1/\(path)", body)
            response = try await client.response()
        }
        return try #require(response)
    }

    private func completion(_ fields: String) -> String { #"{"prompt":"The guard",\#(fields)}"# }

    private let tools =
        #""tools":[{"type":"function","function":{"name":"look"}},{"type":"function","function":{"name":"find"}}]"#

    @Test(arguments: [
        (#""n":9"#, "n"), (#""max_tokens":0"#, "max_tokens"), (#""max_completion_tokens":-1"#, "max_completion_tokens"),
        (#""temperature":3"#, "temperature"), (#""top_p":-1"#, "top_p"), (#""top_k":-2"#, "top_k"),
        (#""min_p":1.1"#, "min_p"), (#""repetition_penalty":0"#, "repetition_penalty"),
        (#""repeat_penalty":"a""#, "repeat_penalty"), (#""repeat_last_n":-2"#, "repeat_last_n"),
        (#""frequency_penalty":2.1"#, "frequency_penalty"), (#""presence_penalty":-3"#, "presence_penalty"),
        (#""seed":1.5"#, "seed"), (#""stop":[1]"#, "stop"), (#""stop":["a","",""]"#, "stop"),
        (#""logit_bias":[]"#, "logit_bias"), (#""logit_bias":{"a":1}"#, "logit_bias"),
        (#""logit_bias":{"5":101}"#, "logit_bias.5"), (#""logit_bias":{"9999":1}"#, "logit_bias"),
        (#""logprobs":1"#, "logprobs"), (#""logprobs":true,"top_logprobs":21"#, "top_logprobs"),
        (#""top_logprobs":2"#, "top_logprobs"), (#""stream":"yes""#, "stream"),
        (#""stream_options":1"#, "stream_options"),
        (#""stream_options":{"include_usage":1}"#, "stream_options.include_usage"),
        (#""stream_options":{"continuous_usage_stats":1}"#, "stream_options.continuous_usage_stats"),
        (#""response_format":{"type":"json_object"}"#, "response_format"), (#""functions":[]"#, "functions"),
        (#""ignore_eos":1"#, "ignore_eos"), (#""parallel_tool_calls":1"#, "parallel_tool_calls"),
        (#""tools":{}"#, "tools"), (#""tools":[1]"#, "tools[0]"), (#""tools":[{"type":"x"}]"#, "tools[0].type"),
        (#""tools":[{"type":"function"}]"#, "tools[0].function.name"),
        (#""tools":[{"type":"function","function":{"name":""}}]"#, "tools[0].function.name"),
        (
            #""tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"a"}}]"#,
            "tools[1].function.name"
        ),
        (#""tool_choice":"sometimes""#, "tool_choice"), (#""tool_choice":"required""#, "tool_choice"),
        (#""tool_choice":{"type":"function","function":{"name":"a"}}"#, "tool_choice"),
        (#""tool_choice":{}"#, "tool_choice"), (#""tool_choice":5"#, "tool_choice"),
    ])
    func aValueThatMakesNoSenseIsNamed(_ fields: String, _ parameter: String) async throws {
        let response = try await post(chat("a", fields))
        #expect(response.status == 400)
        #expect(string(response.body, "error", "param") == parameter, "\(response.body)")
        #expect(string(response.body, "error", "message")?.contains(parameter) == true)
    }

    @Test(arguments: [
        (#""prompt":5"#, "prompt"), (#""prompt":[]"#, "prompt"), (#""prompt":["a",1]"#, "prompt"),
        (#""prompt":[-1]"#, "prompt"), (#""prompt":[[1],[9999]]"#, "prompt"), (#""prompt":[true]"#, "prompt"),
        (#""prompt":"a","best_of":2"#, "best_of"), (#""prompt":"a","suffix":"b""#, "suffix"),
        (#""prompt":"a","logprobs":true"#, "logprobs"), (#""prompt":"a","echo":true,"logprobs":1"#, "echo"),
        (#""prompt":["a","b","c"],"n":3"#, "n"), (#""prompt":"a","max_tokens":-1"#, "max_tokens"),
    ])
    func aCompletionsValueThatMakesNoSenseIsNamed(_ fields: String, _ parameter: String) async throws {
        let response = try await post("{\(fields)}", to: "completions", model: HistoryModel())
        #expect(response.status == 400)
        #expect(string(response.body, "error", "param") == parameter, "\(response.body)")
    }

    @Test func aPromptThatNeverFitsIsRefused() async throws {
        for change: @Sendable (inout EngineConfiguration) -> Void in [{ $0.kvTokens = 50 }, { $0.contextLength = 50 }] {
            let response = try await post(chat(String(repeating: "a", count: 60)), model: HistoryModel()) {
                change(&$0)
            }
            #expect(response.status == 400)
            #expect(string(response.body, "error", "code") == "context_length_exceeded")
        }
    }

    @Test func aCompletionOfNothingGivesThePromptBack() async throws {
        let fields = #""max_tokens":0,"echo":true"#
        let body = try await post(completion(fields), to: "completions", model: HistoryModel()).body
        #expect(string(body, "choices", 0, "text") == "The guard")
        #expect(string(body, "choices", 0, "finish_reason") == "length")
        #expect(integer(body, "usage", "completion_tokens") == 0 && integer(body, "usage", "prompt_tokens") == 9)
        let events = try await post(completion(fields + #","stream":true"#), to: "completions", model: HistoryModel())
            .events
        #expect(string(events[0], "choices", 0, "text") == "The guard")
        #expect(events.count == 3 && events[2] == "[DONE]")
    }

    @Test func tokensAreAPromptToo() async throws {
        func text(_ prompt: String) async throws -> [String?] {
            let body = try await post(
                #"{"prompt":\#(prompt),"temperature":0,"max_tokens":9,"echo":true}"#,
                to: "completions",
                model: HistoryModel()
            ).body
            return (0..<2).map { string(body, "choices", $0, "text") }
        }
        let single = try await text(#""ab""#)
        #expect(single[0]?.hasPrefix("ab") == true && single[1] == nil)
        #expect(try await text("[97,98]") == single)
        let both = try await text("[[97,98],[99]]")
        #expect(both[0] == single[0] && both[1]?.hasPrefix("c") == true)
    }

    @Test func logprobsOfAChatBelongToItsText() async throws {
        let fields =
            #""logprobs":true,"top_logprobs":3,"max_tokens":30,"ignore_eos":true,"seed":3,"logit_bias":{"97":5}"#
        let whole = try await post(chat("hi", fields)).body
        let text = try #require(string(whole, "choices", 0, "message", "content"))
        #expect(count(whole, "choices", 0, "logprobs", "content") == 30)
        var bytes: [UInt8] = []
        for index in 0..<30 {
            let entry: [any Sendable] = ["choices", 0, "logprobs", "content", index]
            bytes += (value(whole, entry + ["bytes"]) as? [Int] ?? []).map { UInt8($0) }
            let logprob = try #require(value(whole, entry + ["logprob"]) as? Double)
            let top = try #require(value(whole, entry + ["top_logprobs"]) as? [[String: Any]])
            let tops = top.compactMap { $0["logprob"] as? Double }
            // The likeliest first, and the bias does not show.
            #expect(tops.count == 3 && tops == tops.sorted(by: >) && logprob <= tops[0] + 1e-6 && logprob < 0)
        }
        #expect(String(decoding: bytes, as: UTF8.self) == text)

        let events = try await post(chat("hi", fields + #","stream":true"#)).events
        var streamed = ""
        for event in events where string(event, "choices", 0, "delta", "content")?.isEmpty == false {
            let list = value(event, ["choices", 0, "logprobs", "content"]) as? [[String: Any]] ?? []
            let tokens = list.flatMap { $0["bytes"] as? [Int] ?? [] }.map { UInt8($0) }
            // Every chunk's tokens are its text.
            #expect(String(decoding: tokens, as: UTF8.self) == string(event, "choices", 0, "delta", "content"))
            streamed += string(event, "choices", 0, "delta", "content") ?? ""
        }
        #expect(streamed == text)
    }

    @Test func logprobsOfACompletionAreFourLists() async throws {
        let fields = #""logprobs":2,"max_tokens":12,"ignore_eos":true,"temperature":0"#
        let whole = try await post(completion(fields), to: "completions", model: HistoryModel()).body
        let text = try #require(string(whole, "choices", 0, "text"))
        let tokens = try #require(value(whole, ["choices", 0, "logprobs", "tokens"]) as? [String])
        #expect(tokens.joined() == text && tokens.count == 12)
        #expect(value(whole, ["choices", 0, "logprobs", "text_offset"]) as? [Int] == Array(0..<12))
        let top = try #require(value(whole, ["choices", 0, "logprobs", "top_logprobs"]) as? [[String: Double]])
        let logprobs = try #require(value(whole, ["choices", 0, "logprobs", "token_logprobs"]) as? [Double])
        for index in 0..<12 { #expect(top[index].count == 2 && top[index][tokens[index]] == logprobs[index]) }

        let events = try await post(completion(fields + #","stream":true"#), to: "completions", model: HistoryModel())
            .events
        let offsets = events.flatMap { value($0, ["choices", 0, "logprobs", "text_offset"]) as? [Int] ?? [] }
        #expect(offsets == Array(0..<12))
    }

    @Test func logprobsLeaveOutWhatAStopStringTakesAway() async throws {
        let model = ScriptedModel("one two stop three")
        let fields = #""logprobs":true,"stop":"stop""#
        let body = try await post(chat("hi", fields), model: model).body
        #expect(string(body, "choices", 0, "message", "content") == "one two ")
        let entries = value(body, ["choices", 0, "logprobs", "content"]) as? [[String: Any]] ?? []
        #expect(entries.compactMap { $0["token"] as? String }.joined() == "one two ")
    }

    @Test func usageComesWithEveryChunkWhenItIsAskedFor() async throws {
        let fields =
            #""max_tokens":5,"ignore_eos":true,"stream":true,"# + #""stream_options":{"continuous_usage_stats":true}"#
        let chunks = try await post(chat("hi", fields)).events.dropLast()
        let counts = chunks.map { integer($0, "usage", "completion_tokens") }
        #expect(counts == [0, 1, 2, 3, 4, 5, 5])
        #expect(chunks.allSatisfy { integer($0, "usage", "prompt_tokens") ?? 0 > 5 })
    }

    private let script = """
        Let me see.<tool_call>
        {"name": "look", "arguments": {"q": "大 x"}}
        </tool_call>
        <tool_call>
        {"name": "find", "arguments": {}}
        </tool_call>
        """

    @Test func callsOfToolsAreABodysOwnPart() async throws {
        let body = try await post(chat("hi", tools), model: ScriptedModel(script, .chatML)).body
        let message: [any Sendable] = ["choices", 0, "message"]
        #expect(value(body, message + ["content"]) as? String == "Let me see.")
        #expect(value(body, message + ["tool_calls", 0, "function", "name"]) as? String == "look")
        #expect(value(body, message + ["tool_calls", 0, "function", "arguments"]) as? String == #"{"q": "大 x"}"#)
        #expect(value(body, message + ["tool_calls", 0, "type"]) as? String == "function")
        #expect(value(body, message + ["tool_calls", 1, "function", "arguments"]) as? String == "{}")
        let ids = (0..<2).compactMap { value(body, message + ["tool_calls", $0, "id"]) as? String }
        #expect(Set(ids).count == 2 && ids.allSatisfy { $0.hasPrefix("call_") })
        #expect(string(body, "choices", 0, "finish_reason") == "tool_calls")
    }

    @Test func callsOfToolsAreStreamedInFragments() async throws {
        let events = try await post(chat("hi", tools + #","stream":true"#), model: ScriptedModel(script, .chatML))
            .events
        var names: [Int: String] = [:]
        var ids: [Int: String] = [:]
        var arguments: [Int: String] = [:]
        for event in events {
            guard let index = integer(event, "choices", 0, "delta", "tool_calls", 0, "index") else { continue }
            let call: [any Sendable] = ["choices", 0, "delta", "tool_calls", 0]
            if let name = value(event, call + ["function", "name"]) as? String {
                // The first fragment says everything but the arguments.
                #expect(names[index] == nil && value(event, call + ["function", "arguments"]) as? String == "")
                names[index] = name
                ids[index] = value(event, call + ["id"]) as? String
                #expect(value(event, call + ["type"]) as? String == "function")
            } else {
                #expect(value(event, call + ["id"]) == nil)
                arguments[index, default: ""] += value(event, call + ["function", "arguments"]) as? String ?? ""
            }
        }
        #expect(names == [0: "look", 1: "find"] && Set(ids.values).count == 2)
        #expect(arguments == [0: #"{"q": "大 x"}"#, 1: "{}"])
        #expect(string(events[events.count - 2], "choices", 0, "finish_reason") == "tool_calls")
        let text = events.compactMap { string($0, "choices", 0, "delta", "content") }.joined()
        #expect(text == "Let me see.")
    }

    @Test func withoutParallelCallsThereIsOne() async throws {
        let fields = tools + #","parallel_tool_calls":false"#
        let body = try await post(chat("hi", fields), model: ScriptedModel(script, .chatML)).body
        #expect(count(body, "choices", 0, "message", "tool_calls") == 1)
        #expect(string(body, "choices", 0, "finish_reason") == "tool_calls")
    }

    @Test(arguments: [
        #""required""#, #"{"type":"function","function":{"name":"find"}}"#,
    ])
    func aCallThatIsRequiredIsMade(_ choice: String) async throws {
        let fields = tools + #","parallel_tool_calls":false,"max_tokens":200,"seed":1,"tool_choice":\#(choice)"#
        let body = try await post(chat("hi", fields)).body
        let name = string(body, "choices", 0, "message", "tool_calls", 0, "function", "name")
        #expect(name == "find" || name == "look" && choice.hasPrefix("\""))
        let arguments = try #require(
            string(body, "choices", 0, "message", "tool_calls", 0, "function", "arguments")
        )
        #expect(count(arguments) != nil)
        #expect(value(body, ["choices", 0, "message", "content"]) == nil)
    }

    @Test func toolsThatMustNotBeCalledAreNot() async throws {
        let fields = tools + #","tool_choice":"none""#
        let body = try await post(chat("hi", fields), model: ScriptedModel(#"a<tool_call>{"name""#)).body
        #expect(string(body, "choices", 0, "message", "content") == #"a<tool_call>{"name""#)
        #expect(string(body, "choices", 0, "finish_reason") == "stop")
        // The prompt does not speak of them.
        let without = try await post(chat("hi"), model: ScriptedModel("a")).body
        #expect(integer(body, "usage", "prompt_tokens") == integer(without, "usage", "prompt_tokens"))
    }

    @Test func theStatusTellsOfPreemptions() async throws {
        let configuration = EngineConfiguration.test {
            $0.model = HistoryModel()
            $0.kvTokens = 200
        }
        try await withEngine(configuration) { engine, address in
            let client = try await TestClient(address)
            try await client.send(
                "POST",
                "/v1/completions",
                #"{"prompt":"hi","n":4,"max_tokens":150,"ignore_eos":true,"stream":false}"#
            )
            let body = try await client.response().body
            #expect((0..<4).allSatisfy { string(body, "choices", $0, "finish_reason") == "length" })
            #expect(integer(body, "usage", "completion_tokens") == 600)
            try await client.send("GET", "/slots")
            let slots = try await client.response().body
            let preemptions = try #require(integer(slots, "preemptions"))
            #expect(preemptions > 0 && preemptions == engine.status().preemptions)
            #expect(integer(slots, "kv_tokens") == 0)
        }
    }
}

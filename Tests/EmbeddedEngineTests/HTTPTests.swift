import Cancellation
import EmbeddedEngine
import Foundation
import Testing

@Suite struct HTTPTests {
    @Test func aStreamHasARoleAChunkForEachTokenAFinalChunkUsageAndTheEndMark() async throws {
        try await withEngine { _, address in
            let client = try await TestClient(address)
            let fields = #""stream":true,"stream_options":{"include_usage":true},"temperature":0,"max_tokens":20"#
            try await client.send(body: chat("What is loopguard?", fields), headers: ["X-Request-Id: r-1"])
            let response = try await client.response()
            #expect(response.status == 200)
            #expect(response.head.contains("text/event-stream") && response.head.contains("r-1"))
            let events = response.events
            #expect(events.last == "[DONE]")
            let chunks = events.dropLast()
            // The role, twenty tokens, the final chunk, the usage.
            try #require(chunks.count == 23)
            #expect(chunks.allSatisfy { string($0, "id") == "chatcmpl-r-1" })
            #expect(chunks.allSatisfy { string($0, "object") == "chat.completion.chunk" })
            #expect(chunks.allSatisfy { string($0, "model") == "loopguard-small" })
            #expect(string(chunks[0], "choices", 0, "delta", "role") == "assistant")
            for chunk in chunks[1...20] {
                #expect(string(chunk, "choices", 0, "delta", "content")?.isEmpty == false)
                #expect(value(chunk, ["choices", 0, "finish_reason"]) == nil)
                #expect(value(chunk, ["usage"]) == nil)
            }
            #expect(count(chunks[21], "choices", 0, "delta") == 0)
            #expect(string(chunks[21], "choices", 0, "finish_reason") == "length")
            #expect(count(chunks[22], "choices") == 0)
            #expect(integer(chunks[22], "usage", "completion_tokens") == 20)
            #expect(integer(chunks[22], "usage", "prompt_tokens") ?? 0 > 5)
        }
    }

    @Test(arguments: ["chat/completions", "completions"], [0.0, 0.9])
    func streamAndBodyHaveTheSameText(_ path: String, _ temperature: Double) async throws {
        try await withEngine { _, address in
            let client = try await TestClient(address)
            func request(_ stream: Bool) async throws -> Response {
                let fields = #""n":3,"seed":11,"temperature":\#(temperature),"max_tokens":60,"stream":\#(stream)"#
                let body = path == "completions" ? #"{"prompt":"The guard",\#(fields)}"# : chat("Tell me", fields)
                try await client.send("POST", "/v1/\(path)", body)
                return try await client.response()
            }
            let whole = try await request(false).body
            var streamed = ["", "", ""]
            var finishes = ["", "", ""]
            for event in try await request(true).events where event != "[DONE]" {
                let index = try #require(integer(event, "choices", 0, "index"))
                let delta =
                    path == "completions"
                    ? string(event, "choices", 0, "text") : string(event, "choices", 0, "delta", "content")
                streamed[index] += delta ?? ""
                finishes[index] += string(event, "choices", 0, "finish_reason") ?? ""
            }
            for index in 0..<3 {
                let text =
                    path == "completions"
                    ? string(whole, "choices", index, "text") : string(whole, "choices", index, "message", "content")
                #expect(text == streamed[index] && !streamed[index].isEmpty)
                #expect(string(whole, "choices", index, "finish_reason") == finishes[index])
            }
            // Greedy choices are equal; sampled ones differ, because each has a seed of its own.
            #expect((Set(streamed).count == 1) == (temperature == 0))
        }
    }

    @Test func G5_aTextThatEndsByItselfOrAtAStopStringSaysStop() async throws {
        try await withEngine { _, address in
            let client = try await TestClient(address)
            try await client.send(body: chat("What is loopguard?", #""temperature":0"#))
            let ended = try await client.response().body
            #expect(string(ended, "choices", 0, "finish_reason") == "stop")
            try await client.send(body: chat("What is loopguard?", #""temperature":0,"stop":[" language model"]"#))
            let stopped = try await client.response().body
            #expect(string(stopped, "choices", 0, "finish_reason") == "stop")
            let text = try #require(string(stopped, "choices", 0, "message", "content"))
            #expect(!text.isEmpty && !text.contains("language model"))
            #expect(string(ended, "choices", 0, "message", "content")?.hasPrefix(text + " language model") == true)
        }
    }

    @Test(arguments: [
        (#"{"#, "not valid JSON"), ("[]", "must be a JSON object"), ("", "must be a JSON object"),
        (#"{"messages":[{"role":"user","content":"a"}]} x"#, "not valid JSON"),
        ("{}", "'messages'"), (#"{"messages":[]}"#, "at least one message"),
        (#"{"messages":"hi"}"#, "a list of messages"),
        (#"{"messages":[{"role":"king","content":"a"}]}"#, "messages[0].role"),
        (#"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#, "text parts only"),
        (chat("a", #""n":9"#), "from 1 to 8"), (chat("a", #""max_tokens":0"#), "at least 1"),
        (chat("a", #""temperature":"hot""#), "from 0.0 to 2.0"), (chat("a", #""top_p":1.5"#), "from 0.0 to 1.0"),
        (chat("a", #""stop":[""]"#), "'stop'"), (chat("a", #""stream":1"#), "true or false"),
    ])
    func aBadBodyIsNamed(_ body: String, _ complaint: String) async throws {
        try await withEngine { engine, address in
            let client = try await TestClient(address)
            try await client.send(body: body)
            let response = try await client.response()
            #expect(response.status == 400)
            #expect(string(response.body, "error", "type") == "invalid_request_error")
            let message = string(response.body, "error", "message") ?? ""
            #expect(message.contains(complaint), "\(message)")
            #expect(engine.status().finished == 0)
            // The connection goes on.
            try await client.send("GET", "/health")
            #expect(try await client.response().body == #"{"status":"ok"}"#)
        }
    }

    @Test func unknownFieldsAndNullsAreIgnored() async throws {
        try await withEngine { _, address in
            let client = try await TestClient(address)
            let fields =
                #""user":"u","metadata":{"a":[1]},"tools":null,"tool_choice":null,"response_format":null,"logit_bias":{},"#
                + #""functions":null,"stop":null,"n":null,"seed":null,"max_tokens":3"#
            try await client.send(body: chat("hi", fields))
            #expect(try await client.response().status == 200)
        }
    }

    @Test func modelsAndUnknownPaths() async throws {
        try await withEngine { _, address in
            let client = try await TestClient(address)
            try await client.send("GET", "/v1/models")
            let models = try await client.response()
            #expect(string(models.body, "data", 0, "id") == "loopguard-small")
            try await client.send("GET", "/v1/nothing")
            let missing = try await client.response()
            #expect(missing.status == 404 && string(missing.body, "error", "code") == "unknown_path")
            try await client.send("GET", "/v1/chat/completions")
            #expect(try await client.response().status == 405)
        }
    }

    @Test func aBodyThatIsTooLongIsRefused() async throws {
        try await withEngine(.test { $0.maxBodyBytes = 1_000 }) { _, address in
            let client = try await TestClient(address)
            try await client.send(body: chat(String(repeating: "a", count: 2_000)))
            #expect(try await client.response().status == 413)
        }
    }

    @Test func aFullQueueAnswersBusy() async throws {
        let gate = Gate()
        try await withEngine(
            .test {
                $0.slots = 1
                $0.queueCapacity = 1
                $0.stepHook = { gate.pass(if: $0 == .decoded(id: "a", choice: 0, index: 0)) }
            }
        ) { _, address in
            let clients = [try await TestClient(address), try await TestClient(address), try await TestClient(address)]
            try await clients[0].send(body: chat("hi", #""max_tokens":2"#), headers: ["X-Request-Id: a"])
            try await eventually { gate.isHolding }
            try await clients[1].send(body: chat("hi", #""max_tokens":2,"stream":true"#))
            _ = try await clients[1].received { $0.contains("\r\n\r\n") }
            try await clients[2].send(body: chat("hi"))
            let refused = try await clients[2].response()
            #expect(refused.status == 503 && string(refused.body, "error", "code") == "queue_full")
            gate.open()
            #expect(try await clients[0].response().status == 200)
            #expect(try await clients[1].response().events.last == "[DONE]")
        }
    }

    @Test func twoRunningRequestsCannotShareAName() async throws {
        let gate = Gate()
        try await withEngine(.test { $0.stepHook = { gate.pass(if: $0 == .decoded(id: "a", choice: 0, index: 0)) } }) {
            _,
            address in
            let (first, second) = (try await TestClient(address), try await TestClient(address))
            try await first.send(body: chat("hi", #""max_tokens":2"#), headers: ["X-Request-Id: a"])
            try await eventually { gate.isHolding }
            try await second.send(body: chat("hi"), headers: ["X-Request-Id: a"])
            let refused = try await second.response()
            #expect(refused.status == 400 && string(refused.body, "error", "code") == "duplicate_request_id")
            gate.open()
            #expect(try await first.response().status == 200)
            try await second.send(body: chat("hi", #""max_tokens":2"#), headers: ["X-Request-Id: a"])
            #expect(try await second.response().status == 200)
            try await second.send(body: chat("hi"), headers: ["X-Request-Id: a b"])
            #expect(try await second.response().status == 400)
        }
    }

    @Test func aRequestThatDoesNotWaitForTheAnswerBeforeItIsLeftToAnotherConnection() async throws {
        let gate = Gate()
        let configuration = EngineConfiguration.test {
            $0.stepHook = { gate.pass(if: $0 == .decoded(id: "a", choice: 0, index: 0)) }
        }
        try await withEngine(configuration) { engine, address in
            let client = try await TestClient(address)
            let body = chat("hi", #""max_tokens":2,"stream":true"#)
            try await client.send(body: body, headers: ["X-Request-Id: a"])
            try await eventually { gate.isHolding }
            try await client.send(body: body, headers: ["X-Request-Id: b"])
            let other = try await TestClient(address)
            try await other.send("GET", "/health")
            _ = try await other.response()
            gate.open()
            #expect(try await client.response().events.last == "[DONE]")
            // Answered once, and closed.
            await #expect(throws: TestClient.Closed.self) { try await client.received { !$0.isEmpty } }
            #expect(engine.status().finished == 1)
        }
    }

    @Test func anOldClientGetsAStreamThatEndsWithTheConnection() async throws {
        try await withEngine { _, address in
            let client = try await TestClient(address)
            let body = chat("hi", #""max_tokens":2,"stream":true"#)
            let head = "POST /v1/chat/completions HTTP/1.0\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            try await client.send(text: head + body)
            let closed = await #expect(throws: TestClient.Closed.self) { try await client.received { _ in false } }
            let text = try #require(closed?.received)
            #expect(text.hasSuffix("data: [DONE]\n\n") && !text.lowercased().contains("chunked"))
        }
    }

    @Test func aClientThatAsksBeforeItSendsItsBodyIsTold() async throws {
        try await withEngine { _, address in
            let client = try await TestClient(address)
            let body = chat("hi", #""max_tokens":2"#)
            try await client.send(
                text: "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n"
            )
            _ = try await client.received { $0.contains("100 Continue\r\n\r\n") }
            try await client.send(text: body)
            _ = try await client.received { $0.contains("200 OK") && $0.contains(#""completion_tokens":2"#) }
        }
    }

    @Test func whatIsNotHTTPIsRefused() async throws {
        try await withEngine { _, address in
            let client = try await TestClient(address)
            try await client.send(text: "hello there\r\n\r\n")
            let closed = await #expect(throws: TestClient.Closed.self) { try await client.received { _ in false } }
            #expect(closed?.received.hasPrefix("HTTP/1.1 400") == true)
        }
    }
}

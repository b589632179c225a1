import Cancellation
import EmbeddedEngine
import NIOCore
import Testing

/// Cancels from outside: by request, in the process, and by going away.
@Suite struct CancelTests {
    private let endless = #""ignore_eos":true,"max_tokens":30000"#

    enum Name: CaseIterable { case requestID, chunkID, runID }

    @Test(arguments: ["POST", "DELETE"], Name.allCases)
    func aStreamThatIsCancelledEndsLegally(_ method: String, _ name: Name) async throws {
        try await withEngine(.endless { $0.tokensPerSecond = 200 }) { engine, address in
            let client = try await TestClient(address)
            let headers = ["X-Request-Id: req:1", "X-Loopguard-Run-Id: run-1"]
            let fields = endless + #","stream":true,"stream_options":{"include_usage":true}"#
            try await client.send(body: chat("hi", fields), headers: headers)
            _ = try await client.received { $0.split(separator: "chat.completion.chunk").count > 4 }
            let other = try await TestClient(address)
            let id = [Name.requestID: "req%3A1", .chunkID: "chatcmpl-req:1", .runID: "run-1"][name]!
            try await other.send(method, method == "POST" ? "/v1/requests/\(id)/cancel" : "/v1/requests/\(id)")
            let answer = try await other.response()
            #expect(answer.status == 200 && value(answer.body, ["cancelled"]) as? Bool == true)
            let events = try await client.response().events
            let final = events[events.count - 3]
            #expect(string(final, "choices", 0, "finish_reason") == "length")
            #expect(string(final, "choices", 0, "stop_reason") == "user_stop")
            #expect(value(events[events.count - 2], ["usage", "completion_tokens"]) != nil)
            #expect(events.last == "[DONE]")
            let status = try #require(engine.status().recent.last)
            #expect(status.id == "req:1" && status.state == .cancelled && status.cancelReason == .userStop)
            #expect(status.tokensAfterCancel <= 1)
            try await other.send("DELETE", "/v1/requests/\(id)")
            let late = try await other.response()
            #expect(late.status == 200 && value(late.body, ["cancelled"]) as? Bool == false)
            #expect(string(late.body, "reason") == "already_stopped")
            // The connection of the cancelled stream can be used again.
            try await client.send("GET", "/slots")
            let slots = try await client.response().body
            #expect(string(slots, "recent", 0, "cancel_reason") == "user_stop")
            #expect(count(slots, "active") == 0)
        }
    }

    @Test func T8_aBodyThatIsCancelledHoldsWhatWasWritten() async throws {
        try await withEngine(.endless { $0.tokensPerSecond = 100 }) { engine, address in
            let client = try await TestClient(address)
            try await client.send(body: chat("hi", endless), headers: ["X-Request-Id: a"])
            try await eventually { engine.status().active.first.map { $0.generatedTokens > 10 } ?? false }
            #expect(engine.cancel(id: "a", reason: .guardTrip(detector: 3)))
            #expect(!engine.cancel(id: "a", reason: .userStop))
            let body = try await client.response().body
            #expect(string(body, "choices", 0, "finish_reason") == "length")
            #expect(string(body, "choices", 0, "stop_reason") == "guard:3")
            #expect(string(body, "choices", 0, "message", "content")?.isEmpty == false)
        }
    }

    @Test func allChoicesOfARequestAreCancelledTogether() async throws {
        // Paced, so that no choice comes to its own end before the cancel, however busy the machine is.
        let configuration = EngineConfiguration.endless {
            $0.slots = 2
            $0.tokensPerSecond = 100
        }
        try await withEngine(configuration) { engine, address in
            let client = try await TestClient(address)
            try await client.send(body: chat("hi", endless + #","n":4,"stream":true"#), headers: ["X-Request-Id: a"])
            _ = try await client.received { $0.contains(#""index":1,"delta":{"content""#) }
            #expect(engine.cancel(id: "a", reason: .deadline))
            let events = try await client.response().events
            let finals = events.filter { string($0, "choices", 0, "stop_reason") == "deadline" }
            #expect(Set(finals.compactMap { integer($0, "choices", 0, "index") }) == [0, 1, 2, 3])
            #expect(finals.count == 4 && events.last == "[DONE]")
        }
    }

    @Test(arguments: ["nobody", "%20"])
    func anUnknownIdIsNotFound(_ id: String) async throws {
        try await withEngine(.endless()) { engine, address in
            let client = try await TestClient(address)
            try await client.send("POST", "/v1/requests/\(id)/cancel")
            let answer = try await client.response()
            #expect(answer.status == 404 && string(answer.body, "error", "code") == "unknown_request")
            try await client.send("POST", "/v1/requests//cancel")
            #expect(try await client.response().status == 400)
            #expect(!engine.cancel(id: "", reason: .userStop))
        }
    }

    @Test func aRequestThatHasEndedSaysSo() async throws {
        try await withEngine(.endless()) { engine, address in
            let client = try await TestClient(address)
            try await client.send(body: chat("hi", #""max_tokens":2"#), headers: ["X-Request-Id: a"])
            _ = try await client.response()
            try await client.send("DELETE", "/v1/requests/a")
            let answer = try await client.response()
            #expect(answer.status == 200 && string(answer.body, "reason") == "already_finished")
            #expect(engine.status().recent.last?.cancelReason == nil)
        }
    }

    enum Window: CaseIterable { case queue, prefill, decode }

    @Test(arguments: Window.allCases, TestClient.Departure.allCases)
    func aClientThatLeavesIsNoticed(_ window: Window, _ departure: TestClient.Departure) async throws {
        for isStream in [true, false] { try await leave(in: window, by: departure, isStream: isStream) }
    }

    private func leave(in window: Window, by departure: TestClient.Departure, isStream: Bool) async throws {
        let gate = Gate()
        let blocker = window == .queue ? "blocker" : "a"
        try await withEngine(
            .endless {
                $0.slots = 1
                $0.prefillChunk = 8
                $0.stepHook = { point in
                    switch (window, point) {
                    case (.prefill, .prefillChunk("a", 16)), (.decode, .decoded("a", _, 12)): gate.pass(if: true)
                    case (.queue, .decoded("blocker", _, 0)): gate.pass(if: true)
                    default: break
                    }
                }
            }
        ) { engine, address in
            let first = try await TestClient(address)
            if window == .queue {
                try await first.send(body: chat("hi", #""max_tokens":3"#), headers: ["X-Request-Id: blocker"])
                try await eventually { gate.isHolding }
            }
            let client = try await TestClient(address)
            let prompt = Array(repeating: "guard", count: 100).joined(separator: " ")
            try await client.send(
                body: chat(prompt, endless + #","stream":\#(isStream)"#),
                headers: ["X-Request-Id: a"]
            )
            try await eventually { gate.isHolding && engine.status().active.contains { $0.id == "a" } }
            try await client.leave(departure)
            // The flag is set while the scheduler stands still: nobody had to write anything to notice.
            try await eventually {
                engine.status().active.contains { $0.id == "a" && $0.cancelReason == .clientDisconnect }
            }
            gate.open()
            try await eventually { engine.status().active.isEmpty }
            let status = try #require(engine.status().recent.first { $0.id == "a" })
            #expect(status.state == .cancelled && status.cancelReason == .clientDisconnect)
            #expect(status.generatedTokens == (window == .decode ? 13 : 0))
            #expect(status.tokensAfterCancel == (window == .decode ? 1 : 0))
            #expect(engine.status().tokensAfterCancel <= 1)
            #expect(blocker == "a" || engine.status().recent.contains { $0.id == blocker && $0.state == .completed })
            // The slot is free again.
            let next = try await TestClient(address)
            try await next.send(body: chat("hi", #""max_tokens":2"#))
            #expect(try await next.response().status == 200)
        }
    }

    @Test func aClientThatReadsNothingStallsOnlyItself() async throws {
        let configuration = EngineConfiguration.endless {
            $0.model = CountingModel()
            $0.shutdownGrace = .milliseconds(10)
        }
        try await withEngine(configuration) { engine, address in
            let slow = try await TestClient(address)
            try await slow.stopReading()
            // Some forty megabytes of chunks: far more than the buffers of two sockets take.
            try await slow.send(
                body: chat("hi", #""ignore_eos":true,"max_tokens":30000,"n":4,"stream":true"#),
                headers: ["X-Request-Id: slow"]
            )
            try await eventually { engine.status().active.contains { $0.id == "slow" && $0.generatedTokens > 0 } }
            let fast = try await TestClient(address)
            try await fast.send(body: chat("hi", #""max_tokens":30000,"ignore_eos":true"#))
            let body = try await fast.response().body
            #expect(integer(body, "usage", "completion_tokens") == 30_000)
            #expect(engine.status().active.count == 4)
            // Cancelled, although nobody reads.
            #expect(engine.cancel(id: "slow", reason: .userStop))
            try await eventually { engine.status().active.isEmpty }
            let cancelled = engine.status().recent.filter { $0.id == "slow" }
            #expect(cancelled.allSatisfy { $0.state == .cancelled && $0.tokensAfterCancel <= 1 })
            #expect(cancelled.allSatisfy { $0.generatedTokens < 30_000 })
        }
    }

    @Test func aShutdownEndsStreamsLegally() async throws {
        let engine = EmbeddedEngine(configuration: .endless { $0.tokensPerSecond = 100 })
        let address = try await engine.start()
        let client = try await TestClient(address)
        try await client.send(body: chat("hi", endless + #","stream":true"#))
        _ = try await client.received { $0.split(separator: "chat.completion.chunk").count > 4 }
        await engine.shutdown()
        let events = try await client.response().events
        #expect(string(events[events.count - 2], "choices", 0, "stop_reason") == "shutdown")
        #expect(events.last == "[DONE]")
        await #expect(throws: EmbeddedEngine.StartError.self) { try await engine.start() }
        await #expect(throws: (any Error).self) { try await TestClient(address) }
    }

    @Test func aConfigurationThatMakesNoSenseIsRefused() async throws {
        let engine = EmbeddedEngine(configuration: .endless { $0.slots = 0 })
        await #expect(throws: EmbeddedEngine.StartError.self) { try await engine.start() }
    }

    @Test func aPortThatIsTakenIsAnError() async throws {
        try await withEngine(.endless()) { _, address in
            let engine = EmbeddedEngine(configuration: .endless { $0.port = address.port! })
            await #expect(throws: (any Error).self) { try await engine.start() }
        }
    }
}

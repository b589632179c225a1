import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct EventStreamTests {
    private func follow(_ rig: Rig, _ path: String, _ headers: String = "") async throws -> RawClient {
        let client = try await rig.client()
        try await client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
        _ = try await client.received { $0.contains("text/event-stream") }
        return client
    }

    /// The names of the events that a follower was told, without those of which there may be any number.
    private func names(_ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("event: ") }.map { String($0.dropFirst(7)) }
            .filter { $0 != "progress" && $0 != "text" }
    }

    @Test func A6_T11_aStopIsToldFromBeginningToEndWithOneTerminalEvent() async throws {
        try await Rig.run { rig in
            let everything = try await follow(rig, "/v1/runs/events")
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.event("a"))
            let head = try await client.received { $0.contains("chatcmpl-1") }
            let id = try #require(head.firstMatch(of: /run_[0-9a-f]+/)).output
            let single = try await follow(rig, "/runs/\(id)/events")
            #expect(try await rig.ask("POST", "/runs/\(id)/stop", [], #"{"source":"desk"}"#).status == 202)
            // The stream of one run ends with it.
            let told = try await single.answer(to: "GET").body
            #expect(names(told) == ["started", "state", "state", "state", "cancel"])
            #expect(told.contains(#""state":"stopping","reason":"user_stop""#))
            #expect(told.contains(#""state":"stopped","reason":"user_stop","source":"desk","partial":{"bytes":"#))
            let all = try await everything.received { $0.contains("event: cancel") }
            #expect(names(all) == ["started", "state", "state", "state", "cancel"])
        }
    }

    @Test func whoComesBackHearsWhatWasMissed() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            let first = try await follow(rig, "/v1/events", "Last-Event-ID: 0\r\n")
            _ = try await first.received { $0.contains("\"state\":\"streaming\"") }
            try await first.leave(.fin)
            try await call.chunk(Rig.event("a") + Rig.ending)
            try await call.endStream()
            _ = try await client.answer(to: "POST")
            for (path, headers) in [("/v1/events", "Last-Event-ID: 2\r\n"), ("/v1/runs/events?last_event_id=2", "")] {
                let again = try await follow(rig, path, headers)
                let told = try await again.received { $0.contains("event: done") }
                #expect(names(told) == ["state", "done"] && told.contains("id: 3\n") && told.contains("id: 4\n"))
            }
        }
    }

    @Test func S11_aRunThatIsOverIsToldToBe() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation(stream: false)
            try await call.reply()
            let head = try await client.received { $0.contains("\r\n\r\n") }
            let id = try #require(head.firstMatch(of: /run_[0-9a-f]+/)).output
            _ = try await rig.runs { $0.contains(#""state":"completed""#) }
            let after = try await follow(rig, "/v1/runs/\(id)/events", "Last-Event-ID: 1000\r\n")
            #expect(names(try await after.answer(to: "GET").body).last == "done")
            #expect(try await rig.ask("GET", "/v1/runs/run_0/events").status == 404)
        }
    }

    @Test func aTripAndItsEvidenceAreToldAndTheTextIsShown() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.event("Something \\\"new\\\". "))
            let head = try await client.received { $0.contains("chatcmpl-1") }
            let id = try #require(head.firstMatch(of: /run_[0-9a-f]+/)).output
            let follower = try await follow(rig, "/v1/runs/\(id)/events")
            let text = try await follower.received { $0.contains("event: text") && $0.contains("event: progress") }
            #expect(text.contains(#""content":"Something \"new\". ","reasoning":"","tool_calls":[],"truncated":false"#))
            for _ in 0..<200 { try? await call.chunk(Rig.event("The same sentence again and again. ")) }
            let told = try await follower.answer(to: "GET").body
            #expect(told.contains("event: trip\n") && told.contains(#""unit":"#))
            #expect(told.contains(#""state":"capped","reason":"guard:"#))
            let kept = try await rig.ask("GET", "/v1/runs/\(id)/text?limit=20").body
            #expect(kept.contains(#""truncated":true"#) && kept.contains("again. "))
        }
    }

    @Test func toolCallsAreToldOnceTheyAreWhole() async throws {
        try await Rig.run { rig in
            let follower = try await follow(rig, "/v1/runs/events")
            let (_, call) = try await rig.generation()
            try await call.beginStream()
            for piece in [#"{\"path\":"#, #" \"/tmp\"}"#] {
                try await call.chunk(
                    #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"#
                        + #""delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"ls","#
                        + #""arguments":"\#(piece)"}}]},"finish_reason":null}]}"# + "\n\n"
                )
            }
            let told = try await follower.received { $0.contains("event: tool_call") }
            #expect(told.contains(#""name":"ls","arguments":"{\"path\": \"/tmp\"}""#))
            #expect(names(told).count { $0 == "tool_call" } == 1)
        }
    }

    @Test func aGatewayThatGoesEndsItsFollowersStreams() async throws {
        try await Rig.run { rig in
            let follower = try await follow(rig, "/v1/runs/events")
            async let down: Void = rig.gateway.shutdown(grace: .seconds(5))
            #expect(try await follower.answer(to: "GET").status == 200)
            try await down
        }
    }
}

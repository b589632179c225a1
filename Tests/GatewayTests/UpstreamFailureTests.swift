import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct UpstreamFailureTests {
    @Test func anEngineThatIsNotThereIsABadGateway() async throws {
        try await Rig.run { rig in
            try await rig.upstream.stop()
            let answer = try await rig.ask("GET", "/v1/models")
            #expect(answer.status == 502 && answer.body.contains(#""code":"upstream_unreachable""#))
            #expect(answer.body.contains(#""type":"upstream_error""#))
            #expect(try await rig.ask("GET", "/readyz").status == 503)
        }
    }

    @Test(arguments: [true, false]) func aConnectionLostBeforeTheAnswerIsABadGateway(reset: Bool) async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            if reset { try await call.reset() } else { try await call.close() }
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 502 && answer.body.contains(#""code":"upstream_reset""#))
            #expect(answer["x-loopguard-run-id"] != nil)
            // A fresh connection was not dead all along, so nothing was sent twice.
            #expect(rig.upstream.connections == 1)
        }
    }

    @Test func anEngineThatDoesNotBeginInTimeIsATimeout() async throws {
        try await Rig.run {
            $0.firstByteTimeout = .milliseconds(30)
        } _: { rig in
            let (client, call) = try await rig.generation()
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 504 && answer.body.contains(#""code":"upstream_timeout""#))
            try await call.connectionClosed()
        }
    }

    @Test func aWebPageIsNotAnAnswerOfAnEngine() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.reply("200 OK", "<html></html>", type: "text/html; charset=utf-8")
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 502 && answer.body.contains("web page"))
            try await call.connectionClosed()
        }
    }

    @Test func whatIsNotHTTPIsABadGateway() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.send("SSH-2.0-OpenSSH_9.9\r\n\r\n")
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 502 && answer.body.contains(#""code":"upstream_malformed""#))
        }
    }

    @Test func anUnguardedAnswerThatBreaksOffIsSeenToBreakOff() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send("GET /file HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let call = try await rig.upstream.nextCall()
            try await call.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
            _ = try await client.received { $0.hasSuffix("12345") }
            try await call.close()
            let text = try await client.rest()
            #expect(text.hasSuffix("\r\n\r\n12345") && text.contains("Content-Length: 10"))
        }
    }

    @Test func aStreamThatBreaksOffNeverLooksComplete() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.event("half"))
            _ = try await client.received { $0.contains("half") }
            try await call.reset()
            let text = try await client.rest()
            #expect(text.contains("half") && !text.contains("[DONE]") && !text.hasSuffix("0\r\n\r\n"))
            let list = try await rig.ask("GET", "/v1/requests")
            #expect(list.body.contains(#""state":"failed""#))
        }
    }
}

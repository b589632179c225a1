import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct PoolTests {
    private func exchange(_ rig: Rig, on client: RawClient) async throws -> ScriptedUpstream.Call {
        try await client.post(Rig.chat, "{}")
        return try await rig.upstream.nextCall()
    }

    @Test func aConnectionWithAWholeAnswerIsUsedAgain() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            for _ in 0..<3 {
                let call = try await exchange(rig, on: client)
                try await call.reply()
                _ = try await client.answer(to: "POST")
            }
            #expect(rig.upstream.connections == 1)
        }
    }

    @Test func aConnectionThatTheEngineWantsClosedIsNotUsedAgain() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            let call = try await exchange(rig, on: client)
            try await call.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            _ = try await client.answer(to: "POST")
            try await call.connectionClosed()
            try await exchange(rig, on: client).reply()
            _ = try await client.answer(to: "POST")
            #expect(rig.upstream.connections == 2)
        }
    }

    @Test func X9_aCutConnectionIsNeverUsedAgain() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.event("a"))
            _ = try await client.received { $0.contains("chatcmpl-1") }
            try await client.leave(.fin)
            try await call.connectionClosed()
            let next = try await exchange(rig, on: try await rig.client())
            #expect(!next.sharesConnection(with: call))
        }
    }

    @Test func aConnectionWithMoreThanAnAnswerOnItIsNeverUsedAgain() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            let call = try await exchange(rig, on: client)
            try await call.send(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
            )
            #expect(try await client.answer(to: "POST").body == "ok")
            try await call.connectionClosed()
            try await exchange(rig, on: client).reply("200 OK", "good")
            #expect(try await client.answer(to: "POST").body == "good")
        }
    }

    @Test func aRequestMetByADeadConnectionIsSentOnceMore() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await exchange(rig, on: client).reply()
            _ = try await client.answer(to: "POST")
            let dead = try await exchange(rig, on: client)
            try await dead.reset()
            let again = try await rig.upstream.nextCall()
            #expect(!again.sharesConnection(with: dead))
            try await again.close()
            // Once more, not for ever.
            #expect(try await client.answer(to: "POST").status == 502)
            #expect(rig.upstream.connections == 2)
        }
    }

    @Test func aRequestThatTheEngineBeganToAnswerIsNotSentAgain() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await exchange(rig, on: client).reply()
            _ = try await client.answer(to: "POST")
            let call = try await exchange(rig, on: client)
            try await call.send("HTTP/1.1 103 Early Hints\r\n\r\n")
            #expect(try await client.answer(to: "POST").status == 103)
            try await call.close()
            #expect(try await client.answer(to: "POST").status == 502)
            #expect(rig.upstream.connections == 1)
        }
    }

    @Test func noMoreIdleConnectionsAreKeptThanAllowed() async throws {
        try await Rig.run {
            $0.maxIdleConnections = 1
        } _: { rig in
            let clients = [try await rig.client(), try await rig.client()]
            let calls = [try await exchange(rig, on: clients[0]), try await exchange(rig, on: clients[1])]
            for (client, call) in zip(clients, calls) {
                try await call.reply()
                _ = try await client.answer(to: "POST")
            }
            try await calls[1].connectionClosed()
            #expect(try await exchange(rig, on: clients[0]).sharesConnection(with: calls[0]))
        }
    }

    @Test func anIdleConnectionIsClosedAfterItsTime() async throws {
        try await Rig.run {
            $0.idleConnectionTimeout = .milliseconds(20)
        } _: { rig in
            let client = try await rig.client()
            let call = try await exchange(rig, on: client)
            try await call.reply()
            _ = try await client.answer(to: "POST")
            try await call.connectionClosed()
        }
    }
}

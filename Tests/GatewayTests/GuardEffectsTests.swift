import Cancellation
import Guard
import LoopDetection
import Rules
import Testing

@testable import Gateway

/// What the guard does to a stream, seen through sockets. These need the real `GuardedStream`.
@Suite(.timeLimit(.minutes(1))) struct GuardEffectsTests {
    private static let loop = "I will now check the file again and then I will check it once more. "

    /// The default rules, of which none acts.
    private static func warning(_ facts: RequestFacts) -> Resolution {
        var resolution = RuleSet.default.resolve(facts)
        resolution.settings.mode = .warn
        return resolution
    }

    /// Sends a loop until the gateway cuts the connection, at most 64 KiB of it.
    private func sendLoop(_ call: ScriptedUpstream.Call) async {
        // Sending fails as soon as the gateway has closed the connection, which is what most of these tests are about.
        for _ in 0..<1_000 where (try? await call.chunk(Rig.event(Self.loop))) == nil { return }
    }

    @Test func G1_aLoopingStreamIsEndedLegallyAndTheEngineIsCut() async throws {
        let flags = try Flags()
        try await Rig.run {
            $0.board = flags.board
        } _: { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            await sendLoop(call)
            // Nothing is left to wait for when the loop was not cut.
            try? await call.close()
            let answer = try await client.answer(to: "POST")
            #expect(answer.body.contains(#""finish_reason":"length""#))
            #expect(answer.body.hasSuffix("data: [DONE]\n\n"))
            try await call.connectionClosed()
            #expect(try flags.reason(of: call)?.detector != nil)
            try flags.confirm(call)
            let list = try await rig.runs { $0.contains(#""state":"capped""#) }
            #expect(list.contains(#""reason":"guard:"#))
            #expect(list.contains(#""evidence":{"#))
        }
    }

    @Test func G3_aLoopAfterAWholeCallIsStillALength() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(
                #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"#
                    + #""delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"ls","#
                    + #""arguments":"{}"}}]},"finish_reason":null}]}"# + "\n\n"
            )
            _ = try await client.received { $0.contains("call_1") }
            await sendLoop(call)
            try? await call.close()
            let body = try await client.answer(to: "POST").body
            #expect(body.contains(#""finish_reason":"length""#) && !body.contains(#""finish_reason":"tool_calls""#))
        }
    }

    @Test func G4_aClientThatReadsNothingDoesNotKeepTheEngineFromBeingStopped() async throws {
        // The filling is a loop, which is not to end before the stop does it.
        try await Rig.run {
            $0.rules = Self.warning
        } _: { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            let head = try await client.received { $0.contains("\r\n\r\n") }
            let id = try #require(head.firstMatch(of: /run_[0-9a-f]+/)).output
            try await client.reads(false)
            async let sending: Void = {
                for number in 0..<4_000 {
                    try await call.chunk(Rig.event("\(number) " + String(repeating: "x", count: 4_096)))
                }
            }()
            _ = try await rig.runs { Int($0.firstMatch(of: /"bytes":(\d+)/)?.1 ?? "0")! > 100_000 }
            #expect(try await rig.ask("POST", "/v1/runs/\(id)/stop").status == 202)
            try await call.connectionClosed()
            try? await sending
            try await client.reads(true)
            #expect(try await client.answer(to: "POST").body.hasSuffix("data: [DONE]\n\n"))
        }
    }

    @Test func G11_aGuardInWarnModeLetsTheLoopPass() async throws {
        try await Rig.run {
            $0.rules = Self.warning
        } _: { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            await sendLoop(call)
            try await call.chunk(Rig.ending)
            try await call.endStream()
            let answer = try await client.answer(to: "POST")
            #expect(answer.body.hasSuffix(Rig.ending))
            #expect(answer.body.contains(Self.loop))
        }
    }

    @Test func T1_aCancelledStreamEndsWithLengthAndDone() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.event("a"))
            _ = try await client.received { $0.contains("chatcmpl-1") }
            #expect(try await rig.ask("POST", "/v1/cancel/chatcmpl-1").status == 200)
            let answer = try await client.answer(to: "POST")
            #expect(answer.body.contains(#""finish_reason":"length""#) && answer.body.contains("user_stop"))
            #expect(answer.body.hasSuffix("data: [DONE]\n\n"))
        }
    }

    @Test func aStreamCancelledInPrefillIsWholeAndSaysWhy() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            let list = try await rig.ask("GET", "/v1/requests").body
            let start = try #require(list.firstRange(of: "run_")).lowerBound
            #expect(try await rig.ask("DELETE", "/v1/requests/\(list[start...].prefix(36))").status == 200)
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 200 && answer["content-type"] == "text/event-stream")
            #expect(answer.body.contains(#""finish_reason":"length""#) && answer.body.hasSuffix("data: [DONE]\n\n"))
            try await call.connectionClosed()
        }
    }

    @Test func aBrokenStreamCarriesAnErrorOfItsFormat() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.event("half"))
            _ = try await client.received { $0.contains("half") }
            try await call.close()
            let text = try await client.rest()
            #expect(
                text.contains(#""error""#) && !text.contains("[DONE]") && !text.contains(#""finish_reason":"stop""#)
            )
        }
    }

    @Test func S3_aCancelAfterTheEnginesOwnEndComesTooLate() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.ending)
            _ = try await client.received { $0.contains("[DONE]") }
            let answer = try await rig.ask("DELETE", "/v1/requests/chatcmpl-1")
            #expect(answer.body.contains(#""cancelled":false,"state":"completed","reason":"already_finished""#))
            try await call.endStream()
            #expect(try await client.answer(to: "POST").body == Rig.ending)
        }
    }

    @Test(arguments: [true, false]) func T13_theEndOfAConnectionIsTheEndOfAStreamOnlyAfterAFinishReason(
        finished: Bool
    ) async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.send("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + Rig.event("a"))
            if finished { try await call.send(Rig.ending) }
            try await call.close()
            if finished {
                #expect(try await client.answer(to: "POST").body == Rig.event("a") + Rig.ending)
            } else {
                let text = try await client.rest()
                #expect(text.contains(#""error""#) && !text.hasSuffix("0\r\n\r\n"))
            }
        }
    }

    @Test func aFinishedStreamThatIsThenCutIsWhole() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.ending)
            _ = try await client.received { $0.contains("[DONE]") }
            try await call.reset()
            #expect(try await client.answer(to: "POST").body == Rig.ending)
        }
    }
}

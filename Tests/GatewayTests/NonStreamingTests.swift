import Cancellation
import Guard
import LoopDetection
import NIOHTTP1
import Rules
import Testing

@testable import Gateway

/// Requests for an answer in one piece, seen through sockets.
@Suite(.timeLimit(.minutes(1))) struct NonStreamingTests {
    private static let body = #"{"model":"m","messages":[],"n":1}"#

    /// Sends a request for an answer in one piece and waits until the engine has been asked.
    private func ask(
        _ rig: Rig,
        _ body: String = Self.body,
        path: String = Rig.chat
    ) async throws -> (client: RawClient, call: ScriptedUpstream.Call) {
        let client = try await rig.client()
        try await client.post(path, body)
        return (client, try await rig.upstream.nextCall())
    }

    private static func rules(
        _ change: @escaping @Sendable (inout GuardSettings) -> Void
    )
        -> @Sendable (inout GatewayConfiguration) -> Void
    {
        { configuration in
            configuration.rules = { facts in
                var resolution = RuleSet.default.resolve(facts)
                change(&resolution.settings)
                return resolution
            }
        }
    }

    @Test func theEngineIsAskedForAStreamAndTheClientGetsOneBody() async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig)
            #expect(
                call.text == #"{"stream":true,"stream_options":{"include_usage":true},"model":"m","messages":[],"n":1}"#
            )
            #expect(call.head.headers["accept-encoding"] == ["identity"])
            #expect(call.head.headers["content-length"] == ["\(call.bodyLength)"])
            try await call.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Engine: e\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            try await call.chunk(Rig.event("Hello"))
            try await call.chunk(Rig.event(", you.") + Rig.ending)
            try await call.endStream()
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 200 && answer["content-type"] == "application/json" && answer["x-engine"] == "e")
            #expect(answer["transfer-encoding"] == nil && answer["content-length"] == "\(answer.body.utf8.count)")
            #expect(answer["x-loopguard-run-id"] != nil)
            let expected =
                #"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"#
                + #""message":{"role":"assistant","content":"Hello, you."},"finish_reason":"stop"}]}"#
            #expect(answer.body == expected)
            let list = try await rig.ask("GET", "/v1/requests").body
            #expect(list.contains(#""state":"completed""#))
        }
    }

    @Test func bothConnectionsServeTheNextRequestToo() async throws {
        try await Rig.run { rig in
            let (client, first) = try await ask(rig)
            // The second request is on its way before the first is answered.
            try await client.post(Rig.chat, Self.body)
            try await first.beginStream()
            try await first.chunk(Rig.event("a") + Rig.ending)
            try await first.endStream()
            #expect(try await client.answer(to: "POST").body.contains(#""content":"a""#))
            let second = try await rig.upstream.nextCall()
            #expect(second.sharesConnection(with: first))
            try await second.beginStream()
            try await second.chunk(Rig.event("b") + Rig.ending)
            try await second.endStream()
            #expect(try await client.answer(to: "POST").body.contains(#""content":"b""#))
        }
    }

    @Test func aLoopIsCutToOneCopyAndTheEngineIsStopped() async throws {
        let flags = try Flags()
        let loop = "I will now check the file again and then I will check it once more. "
        try await Rig.run {
            $0.board = flags.board
        } _: { rig in
            let (client, call) = try await ask(rig)
            try await call.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Engine: e\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            try await call.chunk(Rig.event("First. "))
            for _ in 0..<1_000 where (try? await call.chunk(Rig.event(loop))) == nil { break }
            try? await call.close()
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 200 && answer["content-length"] != nil)
            #expect(answer.body.contains(#""finish_reason":"length""#) && answer.body.contains(#""guard:tail_repeat""#))
            // The loop is found to begin at the full stop in front of it.
            #expect(answer.body.contains(#""content":"First. \#(loop.dropLast(2))""#))
            #expect(answer["x-engine"] == "e")
            #expect(try flags.reason(of: call)?.detector != nil)
            try await call.connectionClosed()
        }
    }

    @Test func aCancelByIdAnswersWithWhatIsThere() async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig)
            try await call.beginStream()
            try await call.chunk(Rig.event("So far"))
            // The engine's id is known once its first chunk has been read.
            while try await rig.ask("POST", "/v1/cancel/chatcmpl-1").status != 200 {}
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 200)
            #expect(answer.body.contains(#""content":"So far""#))
            #expect(answer.body.contains(#""finish_reason":"length""#) && answer.body.contains(#""user_stop""#))
            try await call.connectionClosed()
        }
    }

    @Test(arguments: RawClient.Leaving.allCases)
    func aClientThatLeavesCancelsAtOnce(way: RawClient.Leaving) async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig)
            try await call.beginStream()
            try await call.chunk(Rig.event("a"))
            try await client.leave(way)
            try await call.connectionClosed()
        }
    }

    @Test(arguments: ["400 Bad Request", "422 Unprocessable Entity", "501 Not Implemented"])
    func anEngineThatRefusesToStreamIsAskedAsTheClientAsked(status: String) async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig)
            #expect(call.text.contains(#""stream":true"#))
            try await call.reply(status, #"{"error":{"message":"no stream"}}"#)
            let again = try await rig.upstream.nextCall()
            #expect(again.text == Self.body)
            try await again.reply("200 OK", #"{"choices":[]}"#)
            #expect(try await client.answer(to: "POST").body == #"{"choices":[]}"#)
            // From now on requests like this one are not asked for as a stream.
            try await client.post(Rig.chat, Self.body)
            let next = try await rig.upstream.nextCall()
            #expect(next.text == Self.body)
            try await next.reply("200 OK", #"{"choices":[1]}"#)
            #expect(try await client.answer(to: "POST").body == #"{"choices":[1]}"#)
            // Another kind of request is.
            try await client.post(Rig.chat, #"{"model":"m"}"#)
            let other = try await rig.upstream.nextCall()
            #expect(other.text.contains(#""stream":true"#))
            try await other.reply()
        }
    }

    @Test func aRequestThatIsWrongEitherWayGetsTheEnginesOwnAnswer() async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig)
            try await call.reply("400 Bad Request", #"{"error":"streamed"}"#)
            try await rig.upstream.nextCall().reply("400 Bad Request", #"{"error":"plain"}"#)
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 400 && answer.body == #"{"error":"plain"}"#)
            // The request was wrong and not the stream.
            try await client.post(Rig.chat, Self.body)
            let next = try await rig.upstream.nextCall()
            #expect(next.text.contains(#""stream":true"#))
            try await next.reply()
        }
    }

    @Test func aCompressedStreamIsNoAnswerToAClientThatWantsJSON() async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig)
            try await call.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"
            )
            let again = try await rig.upstream.nextCall()
            #expect(again.text == Self.body)
            try await again.reply("200 OK", #"{"choices":[]}"#)
            #expect(try await client.answer(to: "POST").body == #"{"choices":[]}"#)
        }
    }

    @Test(arguments: [
        ("/v1/completions", #"{"best_of":2}"#), ("/v1/completions", #"{"echo":true}"#),
        (Rig.chat, #"{"use_beam_search":true,"n":2}"#), (Rig.chat, "no json"),
    ])
    func whatCannotBeStreamedPassesUntouched(path: String, body: String) async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig, body, path: path)
            #expect(call.text == body)
            try await call.reply("200 OK", #"{"choices":[]}"#)
            #expect(try await client.answer(to: "POST").body == #"{"choices":[]}"#)
        }
    }

    @Test(arguments: [0, 1, 2]) func rulesThatLookAtNothingChangeNothing(setting: Int) async throws {
        let configure = Self.rules { settings in
            switch setting {
            case 0: settings.enabled = false
            case 1: settings.mode = .off
            default: settings.nonStreaming = .pass
            }
        }
        try await Rig.run(configure) { rig in
            let (client, call) = try await ask(rig)
            #expect(call.text == Self.body)
            try await call.reply("200 OK", #"{"choices":[]}"#)
            #expect(try await client.answer(to: "POST").body == #"{"choices":[]}"#)
        }
    }

    @Test func anAnswerThatGrowsTooLongIsGivenUp() async throws {
        try await Rig.run {
            $0.maxGatheredBytes = 2_000
        } _: { rig in
            let (client, call) = try await ask(rig)
            try await call.beginStream()
            for number in 0..<1_000 where (try? await call.chunk(Rig.event("word \(number) is new, "))) == nil { break }
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 502 && answer.body.contains(#""code":"upstream_too_long""#))
            try await call.connectionClosed()
        }
    }

    @Test func anEngineThatDiesInTheMiddleIsAFaultAndNoAnswer() async throws {
        try await Rig.run { rig in
            for reset in [true, false] {
                let (client, call) = try await ask(rig)
                try await call.beginStream()
                try await call.chunk(Rig.event("a") + "data: {\"choi")
                if reset { try await call.reset() } else { try await call.close() }
                let answer = try await client.answer(to: "POST")
                #expect(answer.status == 502 && answer.body.contains(#""code":"upstream_reset""#))
            }
        }
    }

    @Test func anEngineThatStopsWithoutAFinishIsAFaultAndNoAnswer() async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig)
            try await call.beginStream()
            try await call.chunk(Rig.event("a"))
            try await call.endStream()
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 502 && !answer.body.contains("finish_reason"))
        }
    }

    @Test func anEngineThatFallsSilentIsATimeout() async throws {
        try await Rig.run {
            $0.idleTimeout = .milliseconds(30)
        } _: { rig in
            let (client, call) = try await ask(rig)
            try await call.beginStream()
            // On a busy machine the time may be over before this.
            try? await call.chunk(Rig.event("a"))
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 504 && answer.body.contains(#""code":"upstream_timeout""#))
            try await call.connectionClosed()
        }
    }

    @Test func anEngineThatBreaksOffAfterItsFinishHasAnswered() async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig)
            try await call.beginStream()
            try await call.chunk(Rig.event("a") + Rig.ending)
            try await call.close()
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 200 && answer.body.contains(#""finish_reason":"stop""#))
        }
    }

    @Test(arguments: [("503", 503), (#""overloaded""#, 502)])
    func anErrorInTheStreamIsTheAnswer(code: String, status: Int) async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig)
            try await call.beginStream()
            try await call.chunk(Rig.event("a") + "data: {\"error\":{\"message\":\"m\",\"code\":\(code)}}\n\n")
            try await call.endStream()
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == status && answer.body == "{\"error\":{\"message\":\"m\",\"code\":\(code)}}")
        }
    }

    @Test func anEngineOfHTTP10IsReadToTheEndOfItsConnection() async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig)
            try await call.send("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            try await call.send(Rig.event("a") + Rig.ending)
            try await call.close()
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 200 && answer.body.contains(#""content":"a""#))
        }
    }

    @Test func aClientOfHTTP10GetsOneBodyToo() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send("POST \(Rig.chat) HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")
            let call = try await rig.upstream.nextCall()
            try await call.beginStream()
            try await call.chunk(Rig.event("a") + Rig.ending)
            try await call.endStream()
            let text = try await client.rest()
            #expect(text.hasPrefix("HTTP/1.0 200 OK\r\n") && text.contains("Content-Length: "))
            #expect(text.contains(#""content":"a""#))
        }
    }

    @Test func aClientThatAskedForAStreamGetsOne() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            #expect(call.text == #"{"model":"m","stream":true}"#)
            try await call.beginStream()
            try await call.chunk(Rig.ending)
            try await call.endStream()
            #expect(try await client.answer(to: "POST").body == Rig.ending)
        }
    }

    /// Five rounds with the same call and the same result.
    private static func loopingHistory(_ stream: Bool) -> String {
        let round =
            #"{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"read","#
            + #""arguments":"{\"path\":\"/tmp/a\"}"}}]},{"role":"tool","tool_call_id":"c","content":"the very same text"}"#
        let rounds = Array(repeating: round, count: 6).joined(separator: ",")
        return #"{"model":"m","stream":\#(stream),"messages":[{"role":"user","content":"go"},\#(rounds)]}"#
    }

    @Test(arguments: [true, false]) func aLoopInTheHistoryIsAnsweredWithoutTheEngine(stream: Bool) async throws {
        try await Rig.run(Self.rules { $0.history = .answer }) { rig in
            let client = try await rig.client()
            try await client.post(Rig.chat, Self.loopingHistory(stream))
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 200)
            #expect(answer.body.contains("[loopguard: generation stopped]"))
            #expect(answer.body.contains(#""stop_reason":"guard:history_repeat""#))
            #expect(answer.body.hasSuffix("data: [DONE]\n\n") == stream)
            #expect(rig.upstream.connections == 0)
            #expect(try await rig.ask("GET", "/v1/requests").body.contains(#""state":"capped""#))
        }
    }

    @Test func aLoopInTheHistoryIsTheEnginesToAnswerByDefault() async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig, Self.loopingHistory(true))
            try await call.beginStream()
            try await call.chunk(Rig.event("I give up.") + Rig.ending)
            try await call.endStream()
            #expect(try await client.answer(to: "POST").body.contains("I give up."))
        }
    }

    @Test func aRepeatedCallIsNotInTheAnswer() async throws {
        try await Rig.run { rig in
            let (client, call) = try await ask(rig, Self.loopingHistory(false))
            try await call.beginStream()
            let arguments = #""name":"read","arguments":"{\"path\":\"/tmp/a\"}""#
            try? await call.chunk(
                #"data: {"choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"d","#
                    + #""type":"function","function":{\#(arguments)}}]},"finish_reason":null}]}"# + "\n\n"
            )
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 200 && !answer.body.contains("tool_calls"))
            #expect(answer.body.contains("[loopguard: generation stopped]"))
        }
    }
}

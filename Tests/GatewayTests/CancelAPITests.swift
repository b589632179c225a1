import Cancellation
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct CancelAPITests {
    private func id(_ client: RawClient) async throws -> String {
        let text = try await client.received { $0.contains("\r\n\r\n") }
        let line = try #require(text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("x-loopguard-run-id") })
        return String(line.split(separator: " ")[1])
    }

    @Test func A1_aStreamingRunIsCancelledInTheShapeOfExo() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            let id = try await id(client)
            let answer = try await rig.ask("POST", "/v1/cancel/\(id)")
            #expect(answer.status == 200)
            let body = #"{"message":"Command cancelled.","command_id":"\#(id)","cancelled":true,"state":"stopping"}"#
            #expect(answer.body == body)
            try await call.connectionClosed()
            // The client's stream ends in order and its connection stays usable.
            #expect(try await client.answer(to: "POST").status == 200)
            let again = try await rig.ask("POST", "/v1/cancel/\(id)")
            #expect(again.status == 404 && again.body.contains(#""reason":"already_finished""#))
            let native = try await rig.ask("DELETE", "/v1/requests/\(id)")
            #expect(native.status == 200 && native.body.contains(#""reason":"already_stopped""#))
            #expect(native.body.contains(#""cancelled":false,"state":"stopped""#))
        }
    }

    @Test(arguments: [("POST", "/cancel"), ("DELETE", "")])
    func aRunWithoutAnswerIsCancelledByItsListedId(method: String, suffix: String) async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation(stream: false)
            let list = try await rig.ask("GET", "/v1/requests").body
            #expect(list.contains(#""state":"sent""#))
            let start = try #require(list.firstRange(of: "run_")).lowerBound
            let id = list[start...].prefix(36)
            let answer = try await rig.ask(method, "/v1/requests/\(id)\(suffix)")
            #expect(answer.status == 200 && answer.body.contains(#""object":"request.cancel""#))
            #expect(answer.body.contains(#""cancelled":true,"state":"stopping","reason":null"#))
            try await call.connectionClosed()
            let completion = try await client.answer(to: "POST")
            #expect(completion.status == 200 && completion["content-length"] != nil)
            #expect(completion.body.contains(#""finish_reason":"length","stop_reason":"user_stop""#))
            #expect(completion.body.contains(#""content":"[loopguard: generation stopped]""#))
            #expect(completion.body.contains(#""object":"chat.completion""#))
        }
    }

    @Test func A1_aRunIsAlsoKnownByTheIdOfTheEngine() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.event("a"))
            _ = try await client.received { $0.contains("chatcmpl-1") }
            #expect(try await rig.ask("POST", "/v1/cancel/chatcmpl-1").status == 200)
            try await call.connectionClosed()
        }
    }

    @Test func A2_A3_anUnknownRunIsToldFromAFinishedOne() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation(stream: false)
            try await call.reply()
            let id = try await id(client)
            _ = try await client.answer(to: "POST")
            let finished = try await rig.ask("POST", "/v1/requests/\(id)/cancel")
            #expect(finished.status == 200)
            #expect(finished.body.contains(#""cancelled":false,"state":"completed","reason":"already_finished""#))
            let command = try await rig.ask("POST", "/v1/cancel/\(id)")
            #expect(command.body.contains(#""reason":"already_finished""#))
            let unknown = try await rig.ask("POST", "/v1/cancel/run_0")
            #expect(unknown.status == 404)
            #expect(
                unknown.body
                    == #"{"error":{"message":"Command not found or already completed","type":"Not Found","code":404,"#
                    + #""reason":"unknown"}}"#
            )
            let native = try await rig.ask("DELETE", "/v1/requests/run_0")
            #expect(native.status == 404)
        }
    }

    @Test(arguments: [
        ("POST", "/v1/cancel/"), ("POST", "/v1/cancel"), ("POST", "/v1/cancel/%20"), ("POST", "/v1/cancel/*"),
        ("DELETE", "/v1/requests/"), ("DELETE", "/v1/requests"), ("POST", "/v1/requests//cancel"),
        ("POST", "/v1/requests/%09/cancel"), ("DELETE", "/v1/requests/a%20b"),
    ])
    func anIdThatCouldMeanMoreThanOneRunIsRefused(method: String, path: String) async throws {
        try await Rig.run { rig in
            let answer = try await rig.ask(method, path)
            #expect(answer.status == 400)
            #expect(rig.upstream.connections == 0)
        }
    }

    @Test func A6_aHundredCancelsAreOneTransition() async throws {
        let flags = try Flags()
        try await Rig.run {
            $0.eventLoops = 4
            $0.board = flags.board
        } _: { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            let id = try await id(client)
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<100 { group.addTask { try await rig.ask("DELETE", "/v1/requests/\(id)") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await call.connectionClosed()
            let won = answers.filter { $0.body.contains(#""cancelled":true"#) && !$0.body.contains("duplicate") }
            #expect(won.count == 1)
            #expect(answers.allSatisfy { $0.status == 200 })
            let others = answers.filter {
                $0.body.contains(#""duplicate":true"#) || $0.body.contains("already_stopped")
            }
            #expect(others.count == 99)
            #expect(try flags.reason(of: call) == .userStop)
        }
    }
}

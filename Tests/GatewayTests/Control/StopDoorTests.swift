import NIOHTTP1
import Testing

@testable import Gateway

/// Every door by which a run can be stopped, in its exact shape.
@Suite(.timeLimit(.minutes(1))) struct StopDoorTests {
    private func generation(_ rig: Rig, _ name: String = "r") async throws -> Int {
        let run = try await rig.ask("GET", "/v1/runs/\(name)").body
        return Int(try #require(run.firstMatch(of: /"generation":(\d+)/)).1)!
    }

    @Test func A8_gofannonsStopIsAcceptedAndTheRunComesToRest() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.begin()
            let number = try await generation(rig)
            let answer = try await rig.ask("POST", "/runs/r/stop", [], #"{"source":"desk"}"#)
            #expect(answer.status == 202)
            #expect(
                answer.body
                    == #"{"run_id":"r","cancelled":true,"status":"stopping","state":"stopping","reason":null,"#
                    + #""duplicate":false,"generation":\#(number),"mode":"immediate","descendants":0,"#
                    + #""cancelled_runs":["r"]}"#
            )
            try await call.connectionClosed()
            #expect(try await client.answer(to: "POST").body.hasSuffix("data: [DONE]\n\n"))
            let run = try await rig.runs { $0.contains(#""state":"stopped""#) }
            #expect(run.contains(#""cancel":{"source":"desk","duplicates":0}"#))
            #expect(run.contains(#""confirmed":null,"via":"close""#))
            let again = try await rig.ask("POST", "/v1/runs/r/stop")
            #expect(again.status == 200 && again.body.contains(#""status":"stopped","state":"stopped""#))
            #expect(again.body.contains(#""reason":"already_stopped""#))
        }
    }

    @Test func A9_hermesIsAnsweredWithItsFourFields() async throws {
        try await Rig.run { rig in
            let (_, call) = try await rig.begin()
            #expect(try await rig.ask("POST", "/api/chat/cancel").status == 400)
            let get = try await rig.ask("GET", "/api/chat/cancel?stream_id=r")
            #expect(get.status == 405 && get["allow"] == "POST")
            let answer = try await rig.ask("POST", "/api/chat/cancel?stream_id=r")
            #expect(answer.body == #"{"ok":true,"cancelled":true,"stream_id":"r","reason":null}"#)
            try await call.connectionClosed()
            _ = try await rig.runs { $0.contains(#""state":"stopped""#) }
            let late = try await rig.ask("POST", "/api/chat/cancel?stream_id=r")
            #expect(late.body == #"{"ok":true,"cancelled":false,"stream_id":"r","reason":"already_stopped"}"#)
            let unknown = try await rig.ask("POST", "/api/chat/cancel?stream_id=q")
            #expect(unknown.status == 404 && unknown.body.contains(#""reason":"unknown""#))
        }
    }

    @Test func A11_whatCouldMeanMoreThanOneRunIsRefusedAtEveryDoor() async throws {
        try await Rig.run { rig in
            for (path, body) in [
                ("/runs//stop", ""), ("/v1/runs/*/stop", ""), ("/v1/runs/%20/stop", ""),
                ("/api/chat/cancel?stream_id=*", ""),
                ("/v1/responses//cancel", ""), ("/v1/runs/cancel", "{}"), ("/v1/runs/cancel", #"{"ids":[]}"#),
                ("/v1/runs/cancel", #"{"ids":["a",""]}"#), ("/v1/runs/cancel", #"{"ids":["a*"]}"#),
                ("/v1/runs/cancel", #"{"session":""}"#), ("/v1/runs/cancel", "[]"), ("/v1/runs/cancel", "{"),
                ("/v1/runs/x/stop", #"{"mode":"soon"}"#), ("/v1/runs/x/stop", #"{"if_generation":"x"}"#),
            ] {
                let answer = try await rig.ask("POST", path, [], body)
                #expect(answer.status == 400, "\(path) \(body)")
            }
            #expect(rig.upstream.connections == 0)
        }
    }

    @Test func A15_aResponseOfOursIsCancelledAndOthersAreTheEngines() async throws {
        try await Rig.run { rig in
            let (_, call) = try await rig.begin("resp_1")
            let answer = try await rig.ask("POST", "/v1/responses/resp_1/cancel")
            #expect(answer.status == 200 && answer.body.contains(#""object":"response""#))
            #expect(answer.body.contains(#""id":"resp_1""#) && answer.body.contains(#""status":"cancelled""#))
            try await call.connectionClosed()
            async let other = rig.ask("POST", "/v1/responses/resp_2/cancel")
            let engines = try await rig.upstream.nextCall()
            #expect(engines.head.uri == "/v1/responses/resp_2/cancel")
            try await engines.reply()
            #expect(try await other.status == 200)
        }
    }

    @Test func A16_manyAreCancelledAndEachIsToldApart() async throws {
        try await Rig.run { rig in
            let (_, a) = try await rig.begin("a")
            let (_, b) = try await rig.begin("b", [("X-Session-Id", "s")])
            let (_, c) = try await rig.begin("c", [("X-Session-Id", "s")])
            let some = try await rig.ask("POST", "/v1/runs/cancel", [], #"{"ids":["a","zz"]}"#)
            #expect(some.status == 200)
            #expect(some.body.contains(#"{"run_id":"a","cancelled":true"#))
            #expect(some.body.contains(#"{"run_id":"zz","cancelled":false,"status":"unknown","reason":"unknown"}"#))
            try await a.connectionClosed()
            let session = try await rig.ask("POST", "/v1/runs/cancel", [], #"{"session":"s"}"#)
            #expect(session.body.contains(#""run_id":"b""#) && session.body.contains(#""run_id":"c""#))
            try await b.connectionClosed()
            try await c.connectionClosed()
            let (_, d) = try await rig.begin("d")
            #expect(try await rig.ask("POST", "/v1/runs/cancel", [], #"{"all":true}"#).body.contains(#""run_id":"d""#))
            try await d.connectionClosed()
        }
    }

    @Test func A17_aCancelForAnEarlierRunOfThatNameTouchesNothing() async throws {
        try await Rig.run { rig in
            let (_, call) = try await rig.begin()
            let number = try await generation(rig)
            for (headers, body) in [([], #"{"if_generation":\#(number - 1)}"#), ([("If-Match", "\"0\"")], "")] {
                let stale = try await rig.ask("POST", "/v1/runs/r/stop", headers, body)
                #expect(stale.status == 200 && stale.body.contains(#""cancelled":false"#))
                #expect(stale.body.contains(#""reason":"stale_owner""#))
            }
            #expect(try await rig.ask("GET", "/v1/runs/r").body.contains(#""state":"streaming""#))
            let meant = try await rig.ask("POST", "/v1/runs/r/stop", [("If-Match", "\(number)")])
            #expect(meant.status == 202)
            try await call.connectionClosed()
        }
    }

    @Test func A14_aNameThatIsLiveIsRefusedInTheClientsFormat() async throws {
        try await Rig.run { rig in
            let (_, call) = try await rig.begin()
            let chat = try await rig.ask("POST", "/v1/chat/completions", [("X-Run-Id", "r")], #"{"stream":true}"#)
            #expect(chat.status == 400 && chat.body.contains(#""code":"duplicate_run_id""#))
            let messages = try await rig.ask("POST", "/v1/messages", [("X-Run-Id", "r")], #"{"stream":true}"#)
            #expect(
                messages.status == 400
                    && messages.body.hasPrefix(#"{"type":"error","error":{"type":"invalid_request_error""#)
            )
            #expect(try await rig.ask("GET", "/v1/runs/r").body.contains(#""state":"streaming""#))
            #expect(try await rig.ask("POST", "/v1/cancel/r").status == 200)
            try await call.connectionClosed()
        }
    }

    @Test func R1_R2_R3_T12_aStoppedTreeEndsAndAsksNoMore() async throws {
        try await Rig.run { rig in
            let (_, root) = try await rig.begin("root")
            let (_, child) = try await rig.begin("child", [("X-Parent-Run-Id", "root")])
            let (_, grandchild) = try await rig.begin("grandchild", [("X-Parent-Run-Id", "child")])
            let (other, sibling) = try await rig.begin("sibling")
            let tree = try await rig.ask("GET", "/v1/runs/child").body
            #expect(tree.contains(#""parent":"root","root":"root","depth":1,"descendants":1,"live_descendants":1"#))
            #expect(tree.contains(#""children":["grandchild"]"#))
            let answer = try await rig.ask("POST", "/v1/runs/root/stop")
            #expect(answer.body.contains(#""descendants":2,"cancelled_runs":["root","child","grandchild"]"#))
            for call in [root, child, grandchild] { try await call.connectionClosed() }
            let list = try await rig.ask("GET", "/v1/runs?state=stopped").body
            #expect(list.ranges(of: #""reason":"tree_stop""#).count == 2)
            // R2: the run's next call; R3: a child that comes late. No SDK sends such a request again.
            let connections = rig.upstream.connections
            for headers in [[("X-Parent-Run-Id", "root")], [("X-Parent-Run-Id", "grandchild")]] {
                let late = try await rig.ask("POST", Rig.chat, headers, #"{"stream":true}"#)
                #expect(late.status == 410 && late["x-should-retry"] == "false")
                #expect(late.body.contains(#""code":"run_stopped""#))
            }
            #expect(rig.upstream.connections == connections)
            // R9: others are unharmed.
            try await sibling.chunk(Rig.event("a") + Rig.ending)
            try await sibling.endStream()
            #expect(try await other.answer(to: "POST").body.contains(#""finish_reason":"stop""#))
        }
    }

    @Test func R8_atABoundaryWhatRunsFinishesAndWhatFollowsIsRefused() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.begin("root")
            let answer = try await rig.ask("POST", "/v1/runs/root/stop", [], #"{"mode":"boundary"}"#)
            #expect(answer.status == 202 && answer.body.contains(#""mode":"boundary""#))
            let late = try await rig.ask("POST", Rig.chat, [("X-Parent-Run-Id", "root")], #"{"stream":true}"#)
            #expect(late.status == 410)
            try await call.chunk(Rig.event("a") + Rig.ending)
            try await call.endStream()
            #expect(try await client.answer(to: "POST").body.contains(#""finish_reason":"stop""#))
        }
    }
}

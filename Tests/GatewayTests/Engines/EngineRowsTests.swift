import Engines
import Guard
import NIOHTTP1
import Rules
import Testing

@testable import Gateway

/// One test for each row of the engines: a run is stopped, its client has its ending at once, and the engine is told and
/// seen to stop in its own way.
@Suite(.timeLimit(.minutes(1))) struct EngineRowsTests {
    private typealias Nature = FakeEngine.Nature

    private static func metrics(
        _ names: String...
    ) -> @Sendable (ScriptedUpstream.Call, FakeEngine) -> (String, String)? {
        { call, engine in
            guard call.head.uri == "/metrics" else { return ("404 Not Found", #"{"detail":"Not Found"}"#) }
            let samples = names.map { #"\#($0){model_name="m"} \#($0 == names[0] ? engine.running.count : 0).0"# }
            return ("200 OK", samples.joined(separator: "\n") + "\n")
        }
    }

    @Test func X7_llamaCppStopsAtItsNextLookAndIsSeenToInItsSlots() async throws {
        var nature = Nature(notices: .whenItLooks)
        nature.answer = { call, engine in
            guard call.head.uri == "/slots" else { return ("404 Not Found", "{}") }
            return ("200 OK", #"[{"id":0,"is_processing":\#(!engine.running.isEmpty)}]"#)
        }
        try await FakeEngine.run(.llamaCpp, nature) { rig, engine in
            let (client, id) = try await rig.streaming(headers: "X-Conversation-Id: c1\r\n")
            try await rig.stop(id)
            // The client does not wait for any of it.
            #expect(try await client.answer(to: "POST").body.hasSuffix("data: [DONE]\n\n"))
            try await until { engine.asked("GET /slots") }
            #expect(engine.running == [id])
            try await engine.lookForClosed()
            #expect(try await rig.engineWord(of: id) == "true close")
        }
    }

    @Test func X7_theHeaderThatKeepsARunAliveDoesNotReachLlamaCpp() async throws {
        try await Rig.run {
            $0.engine = .named(.llamaCpp)
        } _: { rig in
            let client = try await rig.client()
            try await client.post(Rig.chat, "{}", headers: "X-Conversation-Id: c1\r\nX-Other: 1\r\n")
            let call = try await rig.upstream.nextCall()
            #expect(call.head.headers["x-conversation-id"] == [] && call.head.headers["x-other"] == ["1"])
            try await call.reply()
            _ = try await client.answer(to: "POST")
        }
    }

    @Test func llamaCppWithoutSlotsIsSeenByItsGauges() async throws {
        var nature = Nature()
        let page = Self.metrics("llamacpp:requests_processing", "llamacpp:requests_deferred")
        nature.answer = { call, engine in
            call.head.uri == "/slots" ? ("501 Not Implemented", #"{"error":{"code":501}}"#) : page(call, engine)
        }
        try await FakeEngine.run(.llamaCpp, nature) { rig, engine in
            let (_, id) = try await rig.streaming()
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "true close")
            #expect(engine.asked("GET /metrics"))
        }
    }

    @Test func vLLMWithoutItsDevelopmentModeStopsByItsConnection() async throws {
        var nature = Nature()
        nature.answer = Self.metrics("vllm:num_requests_running", "vllm:num_requests_waiting")
        try await FakeEngine.run(.vLLM, nature) { rig, engine in
            let (_, id) = try await rig.streaming()
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "true close")
            #expect(engine.asked("POST /abort_requests") && engine.asked("POST /v1/requests/chatcmpl-"))
        }
    }

    @Test func vLLMAbortsTheOneRunOfTwoThatNameThemselvesAlike() async throws {
        var nature = Nature(notices: .never)
        nature.name = { "chatcmpl-" + ($0.head.headers.first(name: "x-request-id") ?? "") }
        let page = Self.metrics("vllm:num_requests_running", "vllm:num_requests_waiting")
        nature.answer = { call, engine in
            guard call.head.uri == "/abort_requests" else { return page(call, engine) }
            // An empty list would mean all.
            let isAll = call.text.contains("[]")
            engine.abort { isAll || call.text.contains(#""\#($0)""#) }
            return ("200 OK", "")
        }
        try await FakeEngine.run(.vLLM, nature) { rig, engine in
            let (_, first) = try await rig.streaming(headers: "X-Request-Id: same\r\n")
            let (other, _) = try await rig.streaming(headers: "X-Request-Id: same\r\n")
            #expect(engine.running.count == 2 && !engine.running.contains("chatcmpl-same"))
            try await rig.stop(first)
            #expect(try await rig.engineWord(of: first) == "true http")
            #expect(engine.running.count == 1)
            try await engine.finish(engine.running[0])
            #expect(try await other.answer(to: "POST").body.contains(#""finish_reason":"stop""#))
        }
    }

    /// SGLang: 200 for whatever it is asked, runs matched by the beginning of their names, closes noticed late.
    private static var sgLang: Nature {
        var nature = Nature(notices: .whenItLooks)
        nature.name = { call in
            call.text.firstMatch(of: /"rid":"([^"]*)"/).map { String($0.1) } ?? "none"
        }
        nature.chunkID = { _ in "chatcmpl-1" }
        let page = metrics("sglang:num_running_reqs", "sglang:num_queue_reqs")
        nature.answer = { call, engine in
            guard call.head.uri == "/abort_request" else { return page(call, engine) }
            let rid = call.text.firstMatch(of: /"rid":"([^"]*)"/).map { String($0.1) } ?? ""
            engine.abort { $0.hasPrefix(rid) }
            return ("200 OK", "")
        }
        return nature
    }

    @Test func X6_sgLangIsToldBeforeItsConnectionIsClosed() async throws {
        try await FakeEngine.run(.sgLang, Self.sgLang) { rig, engine in
            let (client, id) = try await rig.streaming()
            let rid = try #require(engine.running.first)
            #expect(rid.count == 32)
            try await rig.stop(id)
            #expect(try await client.answer(to: "POST").body.hasSuffix("data: [DONE]\n\n"))
            // It never looked for closed connections: the abort was enough.
            #expect(try await rig.engineWord(of: id) == "true http")
            try await until { engine.log.contains("closed \(rid)") }
            let told = engine.log.firstIndex { $0.hasPrefix("POST /abort_request") }
            #expect(try #require(told) < #require(engine.log.firstIndex(of: "closed \(rid)")))
            #expect(engine.log.filter { $0.hasPrefix("POST") }.count == 1)
        }
    }

    @Test func A11_sgLangsPrefixesNameOneRunOnly() async throws {
        try await FakeEngine.run(.sgLang, Self.sgLang) { rig, engine in
            let (_, first) = try await rig.streaming()
            // The client's own rid could be the beginning of another's, or empty, which is the beginning of all.
            let (other, _) = try await rig.streaming(#"{"model":"m","rid":"","stream":true}"#)
            #expect(Set(engine.running.map(\.count)) == [32])
            try await rig.stop(first)
            #expect(try await rig.engineWord(of: first) == "true http")
            #expect(engine.running.count == 1)
            try await engine.finish(engine.running[0])
            #expect(try await other.answer(to: "POST").status == 200)
        }
    }

    @Test func aRunThatGotNoNameIsNotCancelledByOne() async throws {
        // Rules that switch everything off change no byte of the request, so the engine never hears our name of the run.
        let body = #"{"model":"m","stream":true}"#
        try await FakeEngine.run(.sgLang, Self.sgLang) {
            $0.cancelTimes = .impatient
            $0.rules = { facts in
                var resolution = RuleSet.default.resolve(facts)
                resolution.settings.enabled = false
                return resolution
            }
        } _: { rig, engine in
            let (_, id) = try await rig.streaming(body)
            #expect(engine.running == ["none"])
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "false close")
            #expect(!engine.asked("POST /abort_request"))
        }
    }

    @Test func X8_aCancelThatIsNeverAnsweredHoldsNobodyUp() async throws {
        var nature = Self.sgLang
        nature.answer = { _, _ in nil }
        try await FakeEngine.run(.sgLang, nature) {
            $0.cancelTimes = .impatient
            $0.cancelTimes.answer = .milliseconds(20)
        } _: { rig, engine in
            let (client, id) = try await rig.streaming()
            let rid = try #require(engine.running.first)
            try await rig.stop(id)
            #expect(try await client.answer(to: "POST").body.hasSuffix("data: [DONE]\n\n"))
            // The connection is closed when the time is over, and nothing is claimed.
            try await until { engine.log.contains("closed \(rid)") }
            #expect(try await rig.engineWord(of: id) == "false close")
            // Other runs are served as ever.
            #expect(try await !rig.streaming().id.isEmpty)
        }
    }

    @Test func tgiStopsByItsConnection() async throws {
        var nature = Nature()
        nature.answer = Self.metrics("tgi_batch_current_size", "tgi_queue_size")
        try await FakeEngine.run(.tgi, nature) { rig, engine in
            let (_, id) = try await rig.streaming()
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "true close")
            #expect(!engine.asked("POST"))
        }
    }

    @Test func tensorRTStopsAtItsNextLook() async throws {
        var nature = Nature(notices: .whenItLooks)
        nature.answer = { call, engine in
            // The newest iteration has none when nothing runs; between iterations there is nothing to read.
            ("200 OK", engine.running.isEmpty ? #"[{"iter":9,"numActiveRequests":0}]"# : "[]")
        }
        try await FakeEngine.run(.tensorRTLLM, nature) { rig, engine in
            let (_, id) = try await rig.streaming()
            try await rig.stop(id)
            try await until { engine.asked("GET /metrics") }
            try await engine.lookForClosed()
            #expect(try await rig.engineWord(of: id) == "true close")
        }
    }

    @Test func lmDeployIsToldTheNumberOfTheRun() async throws {
        var nature = Nature(notices: .never)
        nature.name = { call in call.text.firstMatch(of: /"session_id":([0-9]+)/).map { String($0.1) } ?? "none" }
        let page = Self.metrics("lmdeploy:num_requests_running", "lmdeploy:num_requests_waiting")
        nature.answer = { call, engine in
            guard call.head.uri == "/abort_request" else { return page(call, engine) }
            engine.abort { call.text.contains(#""session_id":\#($0),"#) }
            return ("200 OK", "{}")
        }
        try await FakeEngine.run(.lmDeploy, nature) { rig, engine in
            let (_, id) = try await rig.streaming(#"{"model":"m","stream":true,"session_id":7}"#)
            #expect(engine.running.first?.count == 15)
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "true http")
        }
    }

    @Test func lmDeployWithoutAbortHandlingStopsByItsConnection() async throws {
        var nature = Nature()
        let page = Self.metrics("lmdeploy:num_requests_running", "lmdeploy:num_requests_waiting")
        nature.answer = { call, engine in
            call.head.uri == "/abort_request" ? ("501 Not Implemented", "{}") : page(call, engine)
        }
        try await FakeEngine.run(.lmDeploy, nature) { rig, _ in
            let (_, id) = try await rig.streaming()
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "true close")
        }
    }

    @Test func koboldCppSaysInTextThatItHasStopped() async throws {
        var nature = Nature(notices: .never)
        nature.name = { call in call.text.firstMatch(of: /"genkey":"([^"]*)"/).map { String($0.1) } ?? "none" }
        nature.answer = { call, engine in
            let key = call.text.firstMatch(of: /"genkey":"([^"]*)"/).map { String($0.1) } ?? ""
            engine.abort { key.isEmpty || $0 == key }
            return ("200 OK", #"{"success":"true","done":"true"}"#)
        }
        try await FakeEngine.run(.koboldCpp, nature) { rig, engine in
            let (_, id) = try await rig.streaming()
            #expect(engine.running.first?.count == 32)
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "true http")
            #expect(engine.running.isEmpty && !engine.asked("perf"))
        }
    }

    /// exo: the name is in the first chunk, a cancelled stream just ends, and finished and unknown are the same 404.
    private static func exo(losesCancels: Bool) -> Nature {
        var nature = Nature(notices: .never)
        nature.name = { _ in "command-1" }
        nature.answer = { call, engine in
            if call.head.uri == "/state" {
                let tasks = engine.running.map {
                    #""t":{"TextGeneration":{"commandId":"\#($0)","taskStatus":"Running"}}"#
                }
                return ("200 OK", #"{"instances":{},"runners":{},"tasks":{\#(tasks.joined())}}"#)
            }
            guard call.head.uri == "/v1/cancel/command-1" else { return ("404 Not Found", #"{"detail":"Not Found"}"#) }
            if !losesCancels { engine.abort { $0 == "command-1" } }
            return ("200 OK", #"{"message":"Command cancelled.","command_id":"command-1"}"#)
        }
        return nature
    }

    @Test func exoIsToldTheNameThatItGave() async throws {
        try await FakeEngine.run(.exo, Self.exo(losesCancels: false)) { rig, engine in
            let (client, id) = try await rig.streaming()
            try await rig.stop(id)
            #expect(try await client.answer(to: "POST").body.hasSuffix("data: [DONE]\n\n"))
            #expect(try await rig.engineWord(of: id) == "true http")
        }
    }

    @Test func A10_aCancelThatExoLosesIsNotTakenForAnEnd() async throws {
        try await FakeEngine.run(.exo, Self.exo(losesCancels: true)) {
            $0.cancelTimes = .impatient
        } _: { rig, engine in
            let (_, id) = try await rig.streaming()
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "false http")
            #expect(engine.running == ["command-1"])
        }
    }

    @Test func anEngineThatStopsLateAfterAllIsSeenTo() async throws {
        try await FakeEngine.run(.exo, Self.exo(losesCancels: true)) {
            $0.cancelTimes = .impatient
            $0.cancelTimes.quarantine = .seconds(30)
        } _: { rig, engine in
            let (_, id) = try await rig.streaming()
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "false http")
            engine.abort { _ in true }
            try await until { try await rig.engineWord(of: id) == "true http" }
        }
    }

    @Test func G2_mlxLMThatNeverNoticesHoldsNoClientUpAndNothingIsClaimed() async throws {
        try await FakeEngine.run(.mlxLM, Nature(notices: .never)) { rig, engine in
            // Its client wants no stream, and would never be noticed to leave; the engine is asked for one all the same.
            let client = try await rig.client()
            try await client.post(Rig.chat, #"{"model":"m"}"#)
            try await until { !engine.running.isEmpty }
            let id = engine.running[0]
            try await rig.stop(id)
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 200 && answer.body.contains(#""finish_reason":"length""#))
            #expect(try await rig.engineWord(of: id) == "null close")
            try await until { engine.log.contains("closed \(id)") }
            #expect(engine.log.allSatisfy { !$0.hasPrefix("POST") && !$0.hasPrefix("GET") })
        }
    }

    @Test(
        arguments: [
            EngineAdapter.generic, .ollama, .lmStudio, .tabbyAPI, .textGenerationWebUI, .atlas, .llamaCppPython,
        ]
    )
    func engineThatCanOnlyBeClosedIsClosedAndAskedNothing(adapter: EngineAdapter) async throws {
        var nature = Nature()
        // LM Studio answers whatever it is asked with 200; text-generation-webui would stop everybody.
        nature.answer = { _, engine in
            engine.abort { _ in true }
            return ("200 OK", #"{"error":"Unexpected endpoint or method."}"#)
        }
        try await FakeEngine.run(adapter, nature) { rig, engine in
            let (_, id) = try await rig.streaming()
            let (other, _) = try await rig.streaming()
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "null close")
            try await until { engine.log.contains("closed \(id)") }
            #expect(engine.log.allSatisfy { !$0.hasPrefix("POST") && !$0.hasPrefix("GET") })
            #expect(engine.running.count == 1)
            try await engine.finish(engine.running[0])
            #expect(try await other.answer(to: "POST").status == 200)
        }
    }

    @Test func theEmbeddedEngineIsToldTheGatewaysOwnName() async throws {
        var nature = Nature(notices: .never)
        nature.answer = { call, engine in
            if call.head.uri == "/slots" {
                let active = engine.running.map { #"{"id":"\#($0)","choice":0}"# }
                return ("200 OK", #"{"active":[\#(active.joined(separator: ","))],"recent":[]}"#)
            }
            engine.abort { call.head.uri == "/v1/requests/\($0)/cancel" }
            return ("200 OK", #"{"object":"request.cancel","cancelled":true,"state":"stopping"}"#)
        }
        try await FakeEngine.run(.embedded, nature) { rig, engine in
            let (_, id) = try await rig.streaming()
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "true http")
            #expect(engine.asked("POST /v1/requests/\(id)/cancel"))
        }
    }
}

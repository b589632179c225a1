import Engines
import NIOHTTP1
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct RecognitionOnTheWireTests {
    private static func nature(_ owner: String) -> FakeEngine.Nature {
        var nature = FakeEngine.Nature()
        nature.answer = { call, _ in
            guard call.head.uri == "/v1/models" else { return ("404 Not Found", "{}") }
            return ("200 OK", #"{"object":"list","data":[{"id":"m","owned_by":"\#(owner)"}]}"#)
        }
        return nature
    }

    @Test func theEngineIsAskedWhichItIs() async throws {
        try await FakeEngine.run(.generic, Self.nature("sglang")) {
            $0.engine = .recognised
        } _: { rig, engine in
            try await until { rig.gateway.engineName == "sglang" }
            #expect(engine.log == ["GET /v1/models "])
        }
    }

    @Test func whatIsSaidOnTheCommandLineIsNotAsked() async throws {
        try await FakeEngine.run(.tgi, Self.nature("sglang")) { rig, engine in
            #expect(rig.gateway.engineName == "tgi")
            _ = try await rig.streaming()
            #expect(!engine.asked("GET"))
        }
    }

    @Test func noRequestWaitsForTheAnswer() async throws {
        var nature = FakeEngine.Nature()
        nature.answer = { _, _ in nil }
        try await FakeEngine.run(.generic, nature) {
            $0.engine = .recognised
        } _: { rig, engine in
            try await until { engine.asked("GET /v1/models") }
            #expect(rig.gateway.engineName == "generic")
            #expect(try await !rig.streaming().id.isEmpty)
        }
    }

    @Test func anEngineThatComesLaterOrComesBackAsAnotherIsRecognisedThen() async throws {
        try await FakeEngine.run(.generic, Self.nature("vllm")) {
            $0.engine = .recognised
        } _: { rig, _ in
            try await until { rig.gateway.engineName == "vllm" }
            let port = rig.upstream.port
            try await rig.upstream.stop()
            let client = try await rig.client()
            try await client.post(Rig.chat, "{}")
            #expect(try await client.answer(to: "POST").status == 502)
            #expect(rig.gateway.engineName == "vllm")
            let second = try await ScriptedUpstream.start(port: port)
            let models = try await second.nextCall()
            #expect(models.head.uri == "/v1/models")
            try await models.reply("200 OK", #"{"data":[{"id":"m","owned_by":"llamacpp"}]}"#)
            try await until { rig.gateway.engineName == "llama.cpp" }
            try await second.stop()
        }
    }
}

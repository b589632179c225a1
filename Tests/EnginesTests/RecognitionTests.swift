import Testing

@testable import Engines

/// An engine's answers to questions that only tell.
struct Fake {
    var answers: [String: EngineAnswer]

    func recognise() -> (name: String, asked: [String]) {
        var recognition = EngineRecognition()
        var asked: [String] = []
        while let path = recognition.question {
            asked.append(path)
            recognition.take(answers[path] ?? EngineAnswer(404, #"{"detail":"Not Found"}"#))
        }
        return (recognition.engine.name, asked)
    }

    static func models(_ owner: String?, server: String = "uvicorn") -> EngineAnswer {
        let owner = owner.map { #","owned_by":"\#($0)""# } ?? ""
        return EngineAnswer(
            200,
            #"{"object":"list","data":[{"id":"m","object":"model","created":1\#(owner)}]}"#,
            headers: [("Server", server)]
        )
    }
}

struct RecognitionTests {
    @Test(
        arguments: [
            ("loopguard", "embedded"), ("llamacpp", "llama.cpp"), ("vllm", "vllm"), ("sglang", "sglang"),
            ("tensorrt_llm", "tensorrt-llm"), ("lmdeploy", "lmdeploy"), ("tabbyAPI", "tabbyapi"), ("exo", "exo"),
            ("atlas-spark", "atlas"), ("library", "ollama"), ("organization_owner", "lm-studio"),
            ("koboldcpp", "koboldcpp"),
        ]
    )
    func whoOwnsTheModelsIsTheEngine(owner: String, name: String) {
        let seen = Fake(answers: ["/v1/models": Fake.models(owner)]).recognise()
        #expect(seen.name == name)
        #expect(seen.asked == ["/v1/models"])
    }

    @Test(
        arguments: [
            ("/props", #"{"default_generation_settings":{},"total_slots":1}"#, "llama.cpp"),
            ("/openapi.json", #"{"openapi":"3.1.0","info":{"title":"🦙 llama.cpp Python API"}}"#, "llama-cpp-python"),
            ("/get_server_info", #"{"model_path":"m","disable_radix_cache":false}"#, "sglang"),
            ("/", "Ollama is running", "ollama"),
            ("/lmstudio-greeting", #"{"lmstudio":true}"#, "lm-studio"),
            ("/info", #"{"model_id":"m","router":"text-generation-router","version":"3"}"#, "tgi"),
            ("/state", #"{"instances":{},"runners":{},"tasks":{}}"#, "exo"),
            ("/api/extra/version", #"{"result":"KoboldCpp","version":"1.80"}"#, "koboldcpp"),
            ("/v1/internal/model/info", #"{"model_name":"m","lora_names":[]}"#, "text-generation-webui"),
        ]
    )
    func anEngineThatNamesNoOwnerIsKnownByItsOwnPaths(path: String, body: String, name: String) {
        #expect(Fake(answers: [path: EngineAnswer(200, body)]).recognise().name == name)
    }

    @Test func theServerHeaderIsEnough() {
        let kobold = Fake.models("me", server: "ConcedoLlamaForKoboldServer")
        #expect(Fake(answers: ["/v1/models": kobold]).recognise().name == "koboldcpp")
        let locked = EngineAnswer(401, "{}", headers: [("server", "llama.cpp")])
        #expect(Fake(answers: ["/v1/models": locked]).recognise().name == "llama.cpp")
        let mlx = Fake.models(nil, server: "BaseHTTP/0.6 Python/3.12")
        #expect(Fake(answers: ["/v1/models": mlx]).recognise().name == "mlx-lm")
        let python = [("Server", "BaseHTTP/0.6 Python/3.11.7")].map { (name: $0.0, value: $0.1) }
        let answers = [
            "/v1/models": EngineAnswer(200, "", headers: python),
            "/health": EngineAnswer(200, #"{"status": "ok"}"#, headers: python),
        ]
        #expect(Fake(answers: answers).recognise().name == "mlx-lm")
    }

    @Test func tabbyThatSpeaksKoboldIsStillTabby() {
        let answers = [
            "/v1/models": Fake.models("tabbyAPI"),
            "/api/extra/version": EngineAnswer(200, #"{"result":"KoboldCpp","version":"1.74"}"#),
        ]
        #expect(Fake(answers: answers).recognise().name == "tabbyapi")
    }

    @Test func aServerThatAnswersEveryPathWith200IsNotTakenForAnother() {
        var recognition = EngineRecognition()
        while recognition.question != nil {
            recognition.take(EngineAnswer(200, #"{"error":"Unexpected endpoint or method."}"#))
        }
        #expect(recognition.engine.name == "generic")
    }

    @Test func silenceAndRubbishLeaveTheEngineGeneric() {
        for answer in [
            nil, EngineAnswer(200, ""), EngineAnswer(200, "{"), EngineAnswer(200, #"[{"owned_by":"vllm"}]"#),
        ] {
            var recognition = EngineRecognition()
            var asked = 0
            while recognition.question != nil {
                recognition.take(answer)
                asked += 1
            }
            #expect(recognition.engine.name == "generic")
            #expect(asked == EngineRecognition.questions.count && asked < 16)
        }
    }

    @Test func everyNameFindsItsEngineAndNoTwoShareOne() {
        #expect(Set(EngineAdapter.all.map(\.name)).count == EngineAdapter.all.count)
        for engine in EngineAdapter.all { #expect(EngineAdapter.named(engine.name)?.name == engine.name) }
        #expect(EngineAdapter.named("llama") == nil)
    }

    @Test func everyEngineSaysWhereItDeceives() {
        for engine in EngineAdapter.all {
            #expect(!engine.traps.isEmpty)
            #expect(engine.traps.allSatisfy { !$0.text.isEmpty && !$0.source.isEmpty })
        }
    }
}

import Testing

@testable import Engines

struct CancelCallTests {
    private let id = EngineRunID("0123456789abcdef")!

    private func effect(_ engine: EngineAdapter, _ answer: EngineAnswer, call: Int = 0) -> CancelEffect {
        engine.cancels[call].meaning(answer)
    }

    // MARK: Names

    @Test(arguments: ["", " ", "*", "a b", "a\"b", "a/b", "a\nb", "ä", String(repeating: "a", count: 129)])
    func A11_whatCouldMeanMoreThanOneRunIsNoName(text: String) {
        #expect(EngineRunID(text) == nil)
    }

    @Test func A11_newNamesAreUniqueAndOfOneLengthSoThatNoneBeginsAnother() {
        let names = (0..<1_000).map { _ in EngineRunID.random().text }
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.utf8.count == 32 })
        let numbers = (0..<1_000).map { _ in EngineRunID.randomNumber().text }
        #expect(Set(numbers).count == numbers.count)
        #expect(numbers.allSatisfy { $0.utf8.count == 15 && Int($0) != nil })
    }

    @Test func A11_everyCancelNamesItsRunAndNothingElse() {
        for engine in EngineAdapter.all {
            for call in engine.cancels {
                let request = call.request(id)
                let text = request.path + (request.body ?? "")
                #expect(text.contains(id.text), "\(engine.name)")
                #expect(!text.contains(#""abort_all":true"#) && !text.contains("[]"))
                #expect(request.method == "POST")
            }
        }
    }

    // MARK: What is asked, and what the answers mean

    @Test func vLLMIsAskedByTheNamesThatItMakesOfOurs() {
        guard case .header("X-Request-Id", let prefixes) = EngineAdapter.vLLM.naming else {
            return #expect(Bool(false))
        }
        #expect(prefixes.map(\.prefix) == ["chatcmpl-", "cmpl-"])
        let chat = EngineAdapter.vLLM.cancels[0].request(id.prefixed("chatcmpl-")!)
        #expect(
            chat == EngineRequest("POST", "/abort_requests", body: #"{"request_ids":["chatcmpl-0123456789abcdef"]}"#)
        )
        let completion = EngineAdapter.vLLM.cancels[0].request(id.prefixed("cmpl-")!)
        #expect(completion.body == #"{"request_ids":["cmpl-0123456789abcdef","cmpl-0123456789abcdef-0"]}"#)
    }

    @Test func vLLMWithoutItsDevelopmentModeHasNoWayOfCancelling() {
        let missing = EngineAnswer(404, #"{"detail":"Not Found"}"#)
        #expect(effect(.vLLM, missing) == .unsupported)
        #expect(effect(.vLLM, missing, call: 1) == .unsupported)
        #expect(effect(.vLLM, EngineAnswer(404, #"{"error":{"message":"no such request"}}"#), call: 1) == .notFound)
        #expect(effect(.vLLM, EngineAnswer(200, "")) == .accepted)
        #expect(effect(.vLLM, EngineAnswer(500, "")) == .failed)
    }

    @Test func sgLangsAnswerProvesNothing() {
        let request = EngineAdapter.sgLang.cancels[0].request(id)
        #expect(request.body == #"{"rid":"0123456789abcdef","abort_all":false}"#)
        #expect(effect(.sgLang, EngineAnswer(200, "")) == .accepted)
        #expect(EngineAdapter.sgLang.order == .cancelFirst)
    }

    @Test func koboldCppsTruthIsText() {
        let done = #"{"success":"true","done":"true"}"#
        #expect(effect(.koboldCpp, EngineAnswer(200, done)) == .stopped)
        #expect(effect(.koboldCpp, EngineAnswer(200, #"{"success":"true","done":"false"}"#)) == .accepted)
        #expect(effect(.koboldCpp, EngineAnswer(200, #"{"success":"false","done":"false"}"#)) == .failed)
        #expect(effect(.koboldCpp, EngineAnswer(200, #"{"success":true,"done":true}"#)) == .stopped)
        #expect(effect(.koboldCpp, EngineAnswer(200, "Error")) == .failed)
        #expect(effect(.koboldCpp, EngineAnswer(503, #"{"success":"true"}"#)) == .failed)
    }

    @Test func lmDeployWithoutAbortHandlingSaysSo() {
        let request = EngineAdapter.lmDeploy.cancels[0].request(EngineRunID("123456789012345")!)
        #expect(request.body == #"{"session_id":123456789012345,"abort_all":false}"#)
        #expect(effect(.lmDeploy, EngineAnswer(501, "{}")) == .unsupported)
        #expect(effect(.lmDeploy, EngineAnswer(400, #"{"message":"Session 1 not found."}"#)) == .notFound)
        #expect(effect(.lmDeploy, EngineAnswer(200, "{}")) == .accepted)
    }

    @Test func exoCallsFinishedAndUnknownTheSame() {
        let answer = #"{"error":{"message":"Command not found or already completed","type":"Not Found","code":404}}"#
        #expect(effect(.exo, EngineAnswer(404, answer)) == .notFound)
        #expect(effect(.exo, EngineAnswer(404, #"{"detail":"Not Found"}"#)) == .unsupported)
        #expect(effect(.exo, EngineAnswer(200, #"{"message":"Command cancelled.","command_id":"c"}"#)) == .accepted)
        #expect(EngineAdapter.exo.cancels[0].request(id).path == "/v1/cancel/0123456789abcdef")
    }

    @Test func theEmbeddedEngineTellsWhatHasEnded() {
        #expect(effect(.embedded, EngineAnswer(200, #"{"cancelled":true,"state":"stopping"}"#)) == .accepted)
        #expect(effect(.embedded, EngineAnswer(200, #"{"cancelled":false,"reason":"already_stopped"}"#)) == .stopped)
        #expect(effect(.embedded, EngineAnswer(404, "{}")) == .notFound)
    }

    @Test func whatCannotBeCancelledByNameIsOnlyClosed() {
        for engine in EngineAdapter.all where engine.cancels.isEmpty {
            #expect(engine.order == .closeOnly, "\(engine.name)")
        }
        for engine in EngineAdapter.all where !engine.cancels.isEmpty {
            #expect(engine.order != .closeOnly, "\(engine.name)")
            if case .none = engine.naming {
                #expect(Bool(false), "\(engine.name) is cancelled by a name it never gets")
            }
        }
        // A stop for everybody is no stop for one.
        #expect(EngineAdapter.textGenerationWebUI.cancels.isEmpty && EngineAdapter.tabbyAPI.cancels.isEmpty)
    }

    @Test func X7_llamaCppNeverSeesTheHeaderThatKeepsARunAlive() {
        #expect(EngineAdapter.llamaCpp.strippedHeaders == ["X-Conversation-Id"])
    }
}

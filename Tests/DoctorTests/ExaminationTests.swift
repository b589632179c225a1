import EmbeddedEngine
import NIOCore
import ScriptedServer
import Testing

@testable import Doctor

@Suite(.timeLimit(.minutes(2))) struct Examining {
    /// Generations last about two seconds here, so that even a slow machine tells a stop from an end.
    private func examine(_ manners: FakeEngine.Manners, words: Int = 200) async throws -> (Diagnosis, FakeEngine) {
        let engine = FakeEngine(manners)
        var options = Doctor.Options(url: try await engine.start() + "/v1/")
        options.wantedDuration = .seconds(2)
        options.promptWords = words
        let diagnosis = try await Doctor(options).examine()
        await engine.stop()
        return (diagnosis, engine)
    }

    private func verdict(_ findings: [Finding], _ subject: String) -> Finding.Verdict? {
        findings.first { $0.subject == subject }?.verdict
    }

    @Test func anEngineThatStopsOnACloseIsWell() async throws {
        var manners = FakeEngine.Manners()
        manners.readingPerWord = .milliseconds(5)
        let (diagnosis, engine) = try await examine(manners)
        #expect(diagnosis.engine == "llama.cpp" && diagnosis.recognisedBy == "/v1/models")
        #expect(diagnosis.model == "counter" && diagnosis.models == ["counter", "other"])
        #expect(diagnosis.sight.hasPrefix("GET /slots tells it"))
        #expect(diagnosis.wire.map(\.verdict) == Array(repeating: .good, count: diagnosis.wire.count))
        #expect(diagnosis.closing.map(\.subject) == ["mid-stream", "while reading", "in one piece"])
        #expect(diagnosis.closing.map(\.verdict) == [.good, .good, .good], "\(diagnosis.closing)")
        #expect(diagnosis.exitStatus == 0)
        #expect(diagnosis.command.hasSuffix(" --engine llama.cpp") && !diagnosis.command.contains("/v1"))
        #expect(await engine.wasted == 0)
    }

    @Test func noMoreIsAskedThanWasAnnounced() async throws {
        var manners = FakeEngine.Manners()
        manners.showsSlots = false
        let engine = FakeEngine(manners)
        var options = Doctor.Options(url: try await engine.start())
        options.wantedDuration = .seconds(2)
        options.maxTokens = 40
        _ = try await Doctor(options).examine()
        #expect(await engine.peak <= 2)
        let asked = await engine.asked
        #expect(asked.count <= 12)
        #expect(asked.allSatisfy { Int($0.split(separator: " ")[1])! <= 40 }, "\(asked)")
        await engine.stop()
    }

    @Test func anEngineThatGoesOnIsNotCalledWell() async throws {
        var manners = FakeEngine.Manners()
        manners.ignoresCloseMidStream = true
        manners.ignoresCloseInPrefill = true
        manners.ignoresCloseOfWholeAnswers = true
        manners.readingPerWord = .milliseconds(5)
        let (diagnosis, engine) = try await examine(manners)
        #expect(diagnosis.closing.map(\.verdict) == [.bad, .bad, .bad], "\(diagnosis.closing)")
        #expect(diagnosis.stopsOnClose == false && diagnosis.exitStatus == 1)
        #expect(diagnosis.advice.contains { $0.contains("Over HTTP nothing makes it stop") })
        #expect(await engine.wasted > 0)
    }

    @Test func anEngineThatReadsThePromptToItsEndFirstIsTold() async throws {
        var manners = FakeEngine.Manners()
        manners.ignoresCloseInPrefill = true
        manners.readingPerWord = .milliseconds(5)
        let (diagnosis, _) = try await examine(manners)
        let finding = try #require(diagnosis.closing.first { $0.subject == "while reading" })
        #expect(finding.verdict == .odd && finding.text.contains("it read the rest of the prompt first"))
        #expect(diagnosis.exitStatus == 0)
    }

    @Test func aPromptThatIsReadAtOnceCannotBeLeftInBetween() async throws {
        let (diagnosis, _) = try await examine(FakeEngine.Manners())
        let finding = try #require(diagnosis.closing.first { $0.subject == "while reading" })
        #expect(finding.verdict == .unknown && finding.text.contains("--prompt-words"))
        #expect(diagnosis.exitStatus == 0)
    }

    @Test func aShorterPromptIsTriedWhereALongOneIsRefused() async throws {
        var manners = FakeEngine.Manners()
        manners.longestPrompt = 150
        manners.readingPerWord = .milliseconds(5)
        let (diagnosis, _) = try await examine(manners, words: 500)
        #expect(verdict(diagnosis.closing, "while reading") == .good, "\(diagnosis.closing)")
    }

    @Test(arguments: [false, true])
    func anEngineThatTakesTurnsIsSeenByWhoWaits(goesOn: Bool) async throws {
        var manners = FakeEngine.Manners()
        manners.owner = "somebody"
        manners.showsSlots = false
        manners.takesTurns = true
        manners.ignoresCloseMidStream = goesOn
        let (diagnosis, _) = try await examine(manners)
        #expect(diagnosis.engine == "generic" && diagnosis.recognisedBy == nil)
        #expect(diagnosis.sight.contains("it takes one request at a time"))
        #expect(verdict(diagnosis.closing, "mid-stream") == (goesOn ? .bad : .good), "\(diagnosis.closing)")
        #expect(diagnosis.exitStatus == (goesOn ? 1 : 0))
        #expect(diagnosis.command.contains(" --max-concurrent 1"))
        #expect(diagnosis.command.contains(" --quarantine ") == goesOn)
    }

    @Test(arguments: [FakeEngine.Interruption.cutsShort, .breaksOff])
    func anEngineWhereOneRequestEndsAnotherIsTold(interruption: FakeEngine.Interruption) async throws {
        var manners = FakeEngine.Manners()
        manners.showsSlots = false
        manners.interruption = interruption
        let (diagnosis, _) = try await examine(manners)
        #expect(verdict(diagnosis.wire, "two at a time") == .bad, "\(diagnosis.wire)")
        #expect(diagnosis.stopsOnClose == nil)
        #expect(diagnosis.command.hasSuffix(" --max-concurrent 1"))
    }

    @Test func whatCannotBeSeenIsNotClaimed() async throws {
        var manners = FakeEngine.Manners()
        manners.showsSlots = false
        let (diagnosis, _) = try await examine(manners)
        #expect(diagnosis.closing.allSatisfy { $0.verdict == .unknown && $0.text.hasPrefix("cannot be told") })
        #expect(diagnosis.stopsOnClose == nil && diagnosis.exitStatus == 1)
        #expect(diagnosis.sight.contains("its page of load (/slots, /metrics) does not answer"))
    }

    @Test func aModelThatSaysLittleTellsNothing() async throws {
        var manners = FakeEngine.Manners()
        manners.showsSlots = false
        manners.longestAnswer = 20
        let (diagnosis, _) = try await examine(manners)
        #expect(diagnosis.sight.contains("its answers are over too soon"))
        #expect(diagnosis.advice.contains { $0.contains("--prompt") })
        #expect(!diagnosis.sight.contains("several requests"))
        #expect(diagnosis.stopsOnClose == nil)
    }

    /// The page says "idle" whatever happens; nothing may be concluded from it.
    @Test func aPageThatShowsNothingIsNotBelieved() async throws {
        var manners = FakeEngine.Manners()
        manners.slotsAreFrozen = true
        manners.ignoresCloseMidStream = true
        let (diagnosis, _) = try await examine(manners)
        #expect(verdict(diagnosis.closing, "mid-stream") == .unknown)
        #expect(diagnosis.sight.contains("shows nothing of a generation under way"))
    }

    @Test func anEnginesOwnWayOfCancellingIsTried() async throws {
        var manners = FakeEngine.Manners()
        manners.owner = "exo"
        manners.cancels = true
        manners.ignoresCloseMidStream = true
        manners.takesTurns = true
        let (diagnosis, _) = try await examine(manners)
        #expect(diagnosis.engine == "exo")
        let finding = try #require(diagnosis.cancelling.first)
        #expect(finding.verdict == .good, "\(finding)")
        #expect(finding.text.hasPrefix("POST /v1/cancel/ID: taken; the stream ended "))
        let report = diagnosis.lines.joined(separator: "\n")
        #expect(diagnosis.advice.contains { $0.contains("its own way of cancelling does") }, "\(report)")
    }

    @Test func aLoopguardIsNotTakenForAnEngine() async throws {
        var manners = FakeEngine.Manners()
        manners.owner = "loopguard"
        manners.isGateway = true
        let (diagnosis, _) = try await examine(manners)
        #expect(diagnosis.cancelling.isEmpty)
        #expect(diagnosis.advice.contains { $0.hasPrefix("This is a loopguard") })
    }

    @Test func aMissingWayOfCancellingIsTold() async throws {
        var manners = FakeEngine.Manners()
        manners.owner = "vllm"
        manners.showsSlots = false
        let (diagnosis, _) = try await examine(manners)
        #expect(diagnosis.cancelling.map(\.verdict) == [.odd, .bad], "\(diagnosis.cancelling)")
        #expect(diagnosis.cancelling[0].text == "POST /abort_requests: it has no such way")
    }

    @Test func whatIsOddOnTheWireIsTold() async throws {
        var manners = FakeEngine.Manners()
        manners.streamType = "text/plain"
        manners.holdsStreamBack = true
        manners.endsProperly = false
        manners.closesConnections = true
        manners.countsTokens = false
        let (diagnosis, _) = try await examine(manners)
        #expect(verdict(diagnosis.wire, "media type") == .odd)
        #expect(verdict(diagnosis.wire, "arrival") == .bad)
        #expect(verdict(diagnosis.wire, "ending") == .bad)
        #expect(verdict(diagnosis.wire, "usage") == .odd)
        #expect(verdict(diagnosis.wire, "keep-alive") == .odd)
        #expect(verdict(diagnosis.wire, "in one piece") == .odd)
        #expect(diagnosis.advice.contains { $0.contains("buffers its streams") })
    }

    @Test func anEngineThatRefusesIsNoDiagnosis() async throws {
        var manners = FakeEngine.Manners()
        manners.key = "k"
        let engine = FakeEngine(manners)
        var options = Doctor.Options(url: try await engine.start())
        let refused = await #expect(throws: DoctorError.self) { _ = try await Doctor(options).examine() }
        #expect(refused?.description.contains("status 401") == true)
        #expect(refused?.description.contains("--header 'Authorization: Bearer KEY'") == true)
        options.headers = [("Authorization", "Bearer k")]
        options.maxTokens = 16
        #expect(try await Doctor(options).examine().engine == "llama.cpp")
        await engine.stop()
        let gone = await #expect(throws: DoctorError.self) { _ = try await Doctor(options).examine() }
        #expect(gone?.description.contains("check that the server runs") == true)
    }

    @Test func theEngineThatComesWithLoopguardIsWell() async throws {
        var configuration = EngineConfiguration()
        configuration.port = 0
        configuration.tokensPerSecond = 100
        let engine = EmbeddedEngine(configuration: configuration)
        let address = try await engine.start()
        let diagnosis = try await Doctor(Doctor.Options(url: "http://127.0.0.1:\(address.port ?? 0)")).examine()
        #expect(diagnosis.engine == "embedded")
        #expect(diagnosis.exitStatus == 0, "\(diagnosis.lines.joined(separator: "\n"))")
        #expect(verdict(diagnosis.closing, "in one piece") == .good)
        #expect(diagnosis.cancelling.map(\.verdict) == [.good])
        await engine.shutdown()
    }
}

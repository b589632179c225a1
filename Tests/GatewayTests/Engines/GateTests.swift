import Engines
import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct GateTests {
    private static let name = #"{"model":"m","stream":true}"#

    /// A run that waits.
    private static func waiting(_ rig: Rig, _ body: String = name) async throws -> RawClient {
        let before = try await queued(rig)
        let client = try await rig.client()
        try await client.post(Rig.chat, body)
        try await until { try await queued(rig) == before + 1 }
        return client
    }

    private static func queued(_ rig: Rig) async throws -> Int {
        let list = try await rig.ask("GET", "/v1/requests").body
        return list.split(separator: #""state":"queued""#, omittingEmptySubsequences: false).count - 1
    }

    @Test(arguments: [1, 3]) func runsBeyondThePlacesWaitInTheOrderInWhichTheyCame(loops: Int) async throws {
        try await Rig.run {
            $0.maxConcurrent = 1
            $0.eventLoops = loops
        } _: { rig in
            let (first, call) = try await rig.generation()
            var clients: [RawClient] = []
            for number in 0..<4 { clients.append(try await Self.waiting(rig, #"{"model":"\#(number)"}"#)) }
            try await call.reply()
            _ = try await first.answer(to: "POST")
            for (number, client) in clients.enumerated() {
                let call = try await rig.upstream.nextCall()
                #expect(call.text.contains(#""model":"\#(number)""#))
                try await call.reply()
                #expect(try await client.answer(to: "POST").status == 200)
            }
        }
    }

    @Test func S1_aWaitingRunThatIsStoppedEndsWellAndNeverReachesTheEngine() async throws {
        try await Rig.run {
            $0.maxConcurrent = 1
        } _: { rig in
            let (first, call) = try await rig.generation()
            let second = try await Self.waiting(rig)
            let list = try await rig.ask("GET", "/v1/requests").body
            let id = String(try #require(list.firstMatch(of: /run_[0-9a-f]+/)).output)
            try await rig.stop(id)
            let answer = try await second.answer(to: "POST")
            #expect(answer.status == 200 && answer.body.hasSuffix("data: [DONE]\n\n"))
            #expect(answer.body.contains(#""finish_reason":"length""#))
            // The place that becomes free is the next run's, and the engine sees nobody else.
            let third = try await Self.waiting(rig, #"{"model":"third"}"#)
            try await call.reply()
            _ = try await first.answer(to: "POST")
            let next = try await rig.upstream.nextCall()
            #expect(next.text.contains("third"))
            try await next.reply()
            #expect(try await third.answer(to: "POST").status == 200)
        }
    }

    @Test(arguments: RawClient.Leaving.allCases)
    func S1_aWaitingRunWhoseClientLeavesIsForgotten(way: RawClient.Leaving) async throws {
        try await Rig.run {
            $0.maxConcurrent = 1
        } _: { rig in
            let (first, call) = try await rig.generation()
            let second = try await Self.waiting(rig)
            try await second.leave(way)
            try await until { try await Self.queued(rig) == 0 }
            try await call.reply()
            _ = try await first.answer(to: "POST")
            let (third, next) = try await rig.generation(stream: false)
            #expect(!next.text.contains(Self.name))
            try await next.reply()
            #expect(try await third.answer(to: "POST").status == 200)
        }
    }

    @Test func S1_aWaitingRunWithoutAStreamGetsAWholeAnswer() async throws {
        try await Rig.run {
            $0.maxConcurrent = 1
        } _: { rig in
            let (_, _) = try await rig.generation()
            let second = try await Self.waiting(rig, #"{"model":"m"}"#)
            let list = try await rig.ask("GET", "/v1/requests").body
            try await rig.stop(String(try #require(list.firstMatch(of: /run_[0-9a-f]+/)).output))
            let answer = try await second.answer(to: "POST")
            #expect(answer.status == 200 && answer.body.contains(#""finish_reason":"length""#))
        }
    }

    @Test(
        arguments: [
            ("/v1/chat/completions", #""type":"rate_limit_error","code":"upstream_busy""#),
            ("/v1/messages", #"{"type":"error","error":{"type":"rate_limit_error","#),
            ("/api/chat", #"{"error":"The engine"#),
        ]
    )
    func aRunForWhichThereIsNotEvenRoomToWaitIsTurnedAway(path: String, error: String) async throws {
        try await Rig.run {
            $0.maxConcurrent = 1
            $0.maxQueued = 1
        } _: { rig in
            let (_, _) = try await rig.generation()
            _ = try await Self.waiting(rig)
            let third = try await rig.client()
            try await third.post(path, "{}")
            let answer = try await third.answer(to: "POST")
            #expect(answer.status == 429 && answer["retry-after"] == "1")
            #expect(answer.body.contains(error))
            // What generates nothing needs no place.
            let models = try await rig.client()
            try await models.send("GET /v1/models HTTP/1.1\r\nHost: h\r\n\r\n")
            try await rig.upstream.nextCall().reply()
            #expect(try await models.answer().status == 200)
        }
    }

    @Test func S12_aPlaceIsFreeOnlyWhenTheEngineHasStopped() async throws {
        var nature = FakeEngine.Nature(notices: .whenItLooks)
        nature.answer = { _, engine in ("200 OK", #"[{"id":0,"is_processing":\#(!engine.running.isEmpty)}]"#) }
        try await FakeEngine.run(.llamaCpp, nature) {
            $0.maxConcurrent = 1
        } _: { rig, engine in
            let (client, id) = try await rig.streaming()
            let second = try await Self.waiting(rig)
            try await rig.stop(id)
            // The client is gone and the engine works on: nobody else is let in.
            #expect(try await client.answer(to: "POST").body.contains(#""finish_reason":"length""#))
            try await until { engine.log.filter { $0.hasPrefix("GET /slots") }.count > 3 }
            #expect(try await Self.queued(rig) == 1 && engine.running == [id])
            try await engine.lookForClosed()
            _ = try await second.received { $0.contains("Hello") }
            #expect(engine.running.count == 1 && engine.running != [id])
        }
    }

    @Test func S10_anEngineThatNeverStopsKeepsThePlaceForItsQuarantine() async throws {
        try await FakeEngine.run(.mlxLM, FakeEngine.Nature(notices: .never)) {
            $0.maxConcurrent = 1
            $0.cancelTimes.quarantine = .milliseconds(50)
        } _: { rig, engine in
            let (_, id) = try await rig.streaming()
            let second = try await Self.waiting(rig)
            let clock = ContinuousClock()
            let stopped = clock.now
            try await rig.stop(id)
            _ = try await second.received { $0.contains("Hello") }
            // A lower bound holds however slow the machine is.
            #expect(clock.now - stopped >= .milliseconds(50))
        }
    }

    @Test func aRunThatFailsGivesItsPlaceBack() async throws {
        try await Rig.run {
            $0.maxConcurrent = 1
        } _: { rig in
            for _ in 0..<3 {
                let (client, call) = try await rig.generation()
                try await call.close()
                #expect(try await client.answer(to: "POST").status == 502)
            }
            let (client, call) = try await rig.generation()
            try await call.reply("500 Internal Server Error")
            #expect(try await client.answer(to: "POST").status == 500)
            let (last, next) = try await rig.generation()
            try await next.reply()
            #expect(try await last.answer(to: "POST").status == 200)
        }
    }

    // MARK: The gate itself

    @Test func noMoreAreInsideThanThereArePlacesAndNobodyIsForgotten() async {
        let gate = Gate(places: 3, maxWaiting: 1_000)
        let tally = Tally()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    let place = await withCheckedContinuation { continuation in
                        if case .entered(let place) = gate.enter({ continuation.resume(returning: $0) }) {
                            continuation.resume(returning: place)
                        }
                    }
                    tally.enter()
                    await Task.yield()
                    tally.leave()
                    place.leave()
                    place.leave()
                }
            }
        }
        #expect(tally.entered == 200 && tally.most <= 3)
        #expect(gate.waiting == 0)
    }

    @Test func aPlaceThatNobodyHasAnyMoreIsFree() {
        let gate = Gate(places: 1, maxWaiting: 0)
        for _ in 0..<3 {
            guard case .entered = gate.enter({ _ in }) else { return #expect(Bool(false)) }
        }
    }

    /// How many are inside, and how many there were at most.
    private final class Tally: Sendable {
        private let counts = Mutex((inside: 0, most: 0, entered: 0))
        var most: Int { counts.withLock { $0.most } }
        var entered: Int { counts.withLock { $0.entered } }

        func enter() {
            counts.withLock {
                $0.inside += 1
                $0.entered += 1
                $0.most = max($0.most, $0.inside)
            }
        }

        func leave() { counts.withLock { $0.inside -= 1 } }
    }
}

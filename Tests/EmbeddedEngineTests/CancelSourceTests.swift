import Cancellation
import NIOCore
import Synchronization
import Testing

@testable import EmbeddedEngine

/// Flags outside the engine. A request takes part when it says so in a header.
private final class Board: CancelSource {
    let reasons = Mutex<[String: EndReason]>([:])
    let ends = Mutex<[String]>([])

    func admit(_ names: [String], header: (String) -> String?) -> (any CancelTicket)? {
        header("X-Board").map { Ticket(board: self, name: $0) }
    }

    func poll() -> Bool { true }
    func set(_ name: String, _ reason: EndReason) { reasons.withLock { $0[name] = reason } }

    struct Ticket: CancelTicket {
        let board: Board
        let name: String
        var reason: EndReason? { board.reasons.withLock { $0[name] } }
        func finish(isCancelled: Bool, tokens: Int) {
            board.ends.withLock { $0.append("\(name) \(isCancelled ? "cancelled" : "natural") \(tokens)") }
        }
    }
}

@Suite struct CancelSourceTests {
    private func generation(_ board: Board, capacity: Int, maxTokens: Int) -> Generation {
        var options = GenerationOptions(maxTokens: maxTokens)
        options.sampling.temperature = 0
        return Generation(
            requestID: "a",
            prompt: [97],
            options: options,
            output: PieceQueue(capacity: capacity) {},
            ticket: SharedTicket(Board.Ticket(board: board, name: "a"), choices: 1)
        )
    }

    @Test func aReasonFromOutsideEndsASequenceThatRuns() async throws {
        let board = Board()
        // Paced: nobody reads what it writes.
        let bench = Bench {
            $0.cancelSource = board
            $0.tokensPerSecond = 200
        }
        let target = generation(board, capacity: 1_000_000_000, maxTokens: 1_000_000_000)
        try bench.scheduler.submit([target])
        try await eventually { target.generated > 10 }
        board.set("a", .guardTrip(detector: 4))
        try await eventually { target.status.state == .cancelled }
        #expect(target.status.cancelReason == .guardTrip(detector: 4) && target.tokensAfterCancel == 0)
        try await eventually { board.ends.withLock(\.self) == ["a cancelled \(target.generated)"] }
    }

    @Test func G4_aReasonFromOutsideEndsASequenceWhoseReaderHoldsItUp() async throws {
        let board = Board()
        let bench = Bench { $0.cancelSource = board }
        let target = generation(board, capacity: 2, maxTokens: 1_000)
        try bench.scheduler.submit([target])
        try await eventually { target.generated == 2 }
        board.set("a", .deadline)
        try await eventually { target.status.state == .cancelled }
        #expect(target.status.cancelReason == .deadline && target.generated == 2)
    }

    @Test func aReasonThatWasGivenBeforeAdmissionCostsNoStep() async throws {
        let board = Board()
        board.set("a", .treeStop)
        let model = HistoryModel()
        let bench = Bench(model: model) { $0.cancelSource = board }
        let target = generation(board, capacity: 2, maxTokens: 1_000)
        try bench.scheduler.submit([target])
        try await eventually { target.status.state == .cancelled }
        #expect(target.status.cancelReason == .treeStop && model.stepCount == 0)
    }

    @Test func theSourceIsToldOnceHowARequestEnded() async throws {
        let board = Board()
        let configuration = EngineConfiguration.test {
            $0.model = CountingModel()
            $0.queueCapacity = 8
            $0.cancelSource = board
        }
        try await withEngine(configuration) { _, address in
            let client = try await TestClient(address)
            try await client.send(body: chat("hi", #""n":3,"max_tokens":5"#), headers: ["X-Board: first"])
            _ = try await client.response()
            try await client.send(body: chat("hi", #""max_tokens":5"#))
            _ = try await client.response()
            board.set("second", .userStop)
            try await client.send(body: chat("hi", #""n":2,"max_tokens":5"#), headers: ["X-Board: second"])
            let body = try await client.response().body
            #expect(string(body, "choices", 1, "stop_reason") == "user_stop")
            #expect(board.ends.withLock(\.self) == ["first natural 15", "second cancelled 0"])
        }
    }

    @Test func aRequestThatIsRefusedIsOverForTheSourceToo() async throws {
        let board = Board()
        let configuration = EngineConfiguration.test {
            $0.model = CountingModel()
            $0.queueCapacity = 1
            $0.cancelSource = board
        }
        try await withEngine(configuration) { _, address in
            let client = try await TestClient(address)
            try await client.send(body: chat("hi", #""n":8"#), headers: ["X-Board: a"])
            #expect(try await client.response().status == 503)
            #expect(board.ends.withLock(\.self) == ["a natural 0"])
        }
    }
}

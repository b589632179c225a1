#if os(Linux)
import CancelBoard
import Cancellation
import Foundation
import Testing

@testable import loopguard_bench

/// The program that plays the other process; it is built beside the tests.
let otherProgram = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appendingPathComponent("loopguard-bench").path

/// The stress of `loopguard-bench board`, shorter.
@Suite(.serialized)
struct TwoProcessTests {
    private let place = TemporaryDirectory()

    private func stress(requests: Int, blind: Bool) throws -> (StressGateway.Result, BoardStatistics) {
        let board = try BoardOwner.create(at: place.path, slots: 8)
        let engine = try PipedProcess(program: otherProgram, ["board", "stress-engine", place.path])
        try #require(engine.readLine() == "ready")
        board.maintain()
        let gateway = StressGateway(
            board,
            requests: requests,
            cancellers: 2,
            longest: 64,
            blind: blind ? try BlindCanceller(place.path) : nil
        )
        let result = try gateway.run(engine)
        #expect(engine.finish() == 0)
        return (result, board.statistics)
    }

    @Test func noCancelHitsAnotherRun() throws {
        let (result, statistics) = try stress(requests: 10_000, blind: false)
        #expect(result.isClean)
        #expect(result.requests == 10_000)
        #expect(result.cancelled > 0 && result.natural > 0 && result.staleCancels > 1_000)
        #expect(statistics.free == 8)
    }

    /// Without it nobody could tell whether the test above can fail.
    @Test func withoutTheGenerationManyCancelsHitAnotherRun() throws {
        // How many depends on how the machine runs the two; a few rounds make it many everywhere.
        var wrong = 0
        for _ in 0..<50 where wrong <= 100 { wrong += try stress(requests: 10_000, blind: true).0.wrongOwner }
        #expect(wrong > 100)
    }

    @Test func aSecondGatewayOrEngineIsRefusedWhileTheFirstLives() throws {
        let gateway = try PipedProcess(program: otherProgram, ["board", "console", "gateway", place.path])
        try #require(gateway.readLine() == "ready \(gateway.pid)")
        let engine = try PipedProcess(program: otherProgram, ["board", "console", "engine", place.path])
        try #require(engine.readLine() == "ready \(engine.pid)")
        #expect(throws: BoardError.inUse(path: "\(place.path)/board.cmd", process: gateway.pid)) {
            try BoardOwner.create(at: place.path, slots: 1)
        }
        #expect(throws: BoardError.inUse(path: "\(place.path)/board.ack", process: engine.pid)) {
            try BoardReader.open(at: place.path)
        }
    }
}
#endif

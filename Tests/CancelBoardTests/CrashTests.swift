#if os(Linux)
import CancelBoard
import Cancellation
import Foundation
import Testing

@testable import loopguard_bench

/// One side is killed in every state of a slot; the other goes on, and with it whoever takes the dead one's place.
@Suite(.serialized)
struct CrashTests {
    /// Where the slot of the one run is when one side dies.
    enum Moment: CaseIterable {
        case free, claimed, cancelledBeforeAdmission, bound, cancelledWithoutBell, cancelled, finished, confirmed,
            resting

        /// What brings a slot there: G for the gateway, E for the engine, in the console's words.
        var script: [String] {
            switch self {
            case .free: []
            case .claimed: ["G claim"]
            case .cancelledBeforeAdmission: ["G claim", "G cancel * 1"]
            case .bound: ["G claim", "E admit *"]
            case .cancelledWithoutBell: ["G claim", "E admit *", "G cancel-without-bell * 1"]
            case .cancelled: ["G claim", "E admit *", "G cancel * 1"]
            case .finished: ["G claim", "E admit *", "E finish * natural 7"]
            case .confirmed: ["G claim", "E admit *", "G cancel * 1", "E finish * cancelled 7"]
            case .resting: ["G claim", "E admit *", "G release * ended"]
            }
        }
    }

    private let place = TemporaryDirectory()
    private let slots = 4

    private func start(_ side: String) throws -> PipedProcess {
        let process = try PipedProcess(program: otherProgram, ["board", "console", side, place.path])
        try #require(process.readLine() == "ready \(process.pid)")
        if side == "gateway" { _ = try process.ask("maintain") }
        return process
    }

    /// Plays the script with two consoles.
    /// - Returns: The run's handle, if there is a run.
    private func play(_ moment: Moment, _ gateway: PipedProcess, _ engine: PipedProcess) throws -> String? {
        var handle: String?
        for line in moment.script {
            let words = line.dropFirst(2).replacingOccurrences(of: "*", with: handle ?? "")
            let answer = try (line.hasPrefix("G") ? gateway : engine).ask(words)
            if words == "claim" { handle = answer }
            #expect(!answer.hasPrefix("what?") && answer != "full" && answer != "false" && answer != "stale")
        }
        return handle
    }

    /// Takes all slots of the board, cancels every other run, and finds that each gets what is its own.
    private func expectWholeBoard(_ gateway: PipedProcess, _ engine: PipedProcess) throws {
        var runs: [String] = []
        for _ in 0..<slots {
            let run = try gateway.ask("claim")
            try #require(run != "full", "a slot has leaked")
            #expect(try engine.ask("admit \(run)") == "admitted")
            runs.append(run)
        }
        #expect(try gateway.ask("claim") == "full")
        for (index, run) in runs.enumerated() where index % 2 == 1 {
            #expect(try gateway.ask("cancel \(run) 3") == "accepted")
        }
        for (index, run) in runs.enumerated() {
            let isCancelled = index % 2 == 1
            #expect(try engine.ask("state \(run)").hasPrefix("cancelled") == isCancelled)
            let outcome = isCancelled ? "cancelled" : "natural"
            #expect(try engine.ask("finish \(run) \(outcome) \(100 + index)") == "true")
            #expect(try gateway.ask("acknowledgement \(run)").hasPrefix("\(outcome) \(100 + index) "))
            #expect(try gateway.ask("release \(run) ended") == "freed")
        }
        #expect(try gateway.ask("statistics") == "free \(slots) held 0 resting 0")
        let names = try FileManager.default.contentsOfDirectory(atPath: place.path)
        #expect(names.sorted() == ["board.ack", "board.cmd"])
    }

    @Test(arguments: Moment.allCases) func S15_aGatewayThatIsKilledLeavesNothingBehind(moment: Moment) throws {
        let first = try start("gateway")
        let engine = try start("engine")
        _ = try first.ask("maintain")
        let old = try play(moment, first, engine)
        first.killAtOnce()

        // The engine's runs are not disturbed, and a flag that was raised is found even if the bell never rang.
        if let old, moment == .cancelledWithoutBell || moment == .cancelled {
            var polls = 0
            while try engine.ask("poll") == "false", polls < 64 { polls += 1 }
            #expect(polls < 64)
            #expect(try engine.ask("state \(old)").hasPrefix("cancelled"))
        } else if let old, moment == .bound {
            #expect(try engine.ask("state \(old)") == "running")
        }

        let second = try start("gateway")
        if let old {
            #expect(try second.ask("cancel \(old) 1") == "stale")
            #expect(try second.ask("acknowledgement \(old)") == "foreign")
            #expect(try second.ask("release \(old) ended") == "stale")
        }
        let run = try second.ask("claim")
        #expect(try engine.ask("admit \(run)") == "foreignEpoch")
        #expect(try second.ask("acknowledgement \(run)") == "none", "the old engine answers the old gateway alone")
        _ = try second.ask("release \(run) ended")
        _ = try second.ask("maintain 6")
        // The engine opens the new board; here that is a new process, since a console has one board.
        engine.killAtOnce()
        let next = try start("engine")
        _ = try second.ask("maintain")
        if let old { #expect(try next.ask("admit \(old)") == "foreignEpoch") }
        try expectWholeBoard(second, next)
    }

    @Test(arguments: Moment.allCases) func anEngineThatIsKilledLeavesNothingBehind(moment: Moment) throws {
        let gateway = try start("gateway")
        let first = try start("engine")
        _ = try gateway.ask("maintain")
        let old = try play(moment, gateway, first)
        first.killAtOnce()

        let second = try start("engine")
        _ = try gateway.ask("maintain")
        if let old {
            // What the dead engine said died with it; the living one has said nothing about this run.
            #expect(try gateway.ask("acknowledgement \(old)") == "none")
            let again = try second.ask("admit \(old)")
            switch moment {
            case .cancelledBeforeAdmission, .cancelledWithoutBell, .cancelled, .confirmed:
                #expect(again.hasPrefix("cancelled"), "the run's own cancel reaches whoever takes it up")
            default: #expect(again == "admitted")
            }
            #expect(["resting", "stale"].contains(try gateway.ask("release \(old) ended")) == (moment != .free))
            _ = try gateway.ask("maintain 4")
            #expect(try gateway.ask("statistics") == "free \(slots - 1) held 0 resting 1")
            _ = try gateway.ask("maintain 6")
        }
        try expectWholeBoard(gateway, second)
        if let old {
            #expect(try second.ask("finish \(old) cancelled 9") == "false", "a late word about a run that is gone")
            #expect(try gateway.ask("cancel \(old) 1") == "stale")
        }
    }

    /// Killed in the middle of its work, at whatever moment that is.
    @Test func enginesThatDieAgainAndAgainLoseNoSlot() throws {
        let board = try BoardOwner.create(at: place.path, slots: 8)
        var random = Numbers(seed: 11)
        var now = BoardTime.now()
        for _ in 0..<12 {
            let engine = try PipedProcess(program: otherProgram, ["board", "stress-engine", place.path])
            try #require(engine.readLine() == "ready")
            board.maintain(now: now)
            var runs: [(handle: BoardHandle, steps: UInt64, isCancelled: Bool)] = []
            var ends = 0
            let enough = Int.random(in: 1...400, using: &random)
            while ends < enough {
                while let handle = board.claim(runHash: 0, now: now) {
                    let steps = UInt64.random(in: 1...5_000, using: &random)
                    let isCancelled = Int.random(in: 0..<4, using: &random) == 0
                    try engine.send("\(handle) \(steps)\n")
                    if isCancelled { board.cancel(handle, .userStop) }
                    runs.append((handle, steps, isCancelled))
                }
                runs.removeAll { run in
                    guard let said = board.acknowledgement(run.handle), case .final(let outcome) = said.state else {
                        return false
                    }
                    ends += 1
                    #expect(outcome == .natural ? said.tokens == run.steps : outcome == .cancelled && run.isCancelled)
                    #expect(board.release(run.handle, connectionEnded: true, now: now) == .freed)
                    return true
                }
            }
            engine.killAtOnce()
            for run in runs { board.release(run.handle, connectionEnded: true, now: now) }
            now = now + BoardOwner.shortestQuarantine
            board.maintain(now: now)
            #expect(board.statistics.free == 8)
        }
    }
}
#endif

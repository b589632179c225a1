import ArgumentParser
import CancelBoard
import Glibc

/// `loopguard-bench board`
struct BoardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "board",
        abstract: "Stress the cancel board between two processes, and time a look at it.",
        subcommands: [Stress.self, StressEngineSide.self, Console.self],
        defaultSubcommand: Stress.self
    )

    struct Stress: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stress",
            abstract: "Cancel live and long-gone requests at random; say how many hit the wrong one.",
            discussion: "Ends with status 1 when a cancel hit somebody else, unless that is what it was asked to show."
        )

        @Option(help: "How many requests.")
        var requests = 500_000

        @Option(help: "Slots of the board.")
        var slots = 8

        @Option(help: "Threads that cancel, 0 to 64.")
        var cancellers = 2

        @Option(help: "The most steps that a request takes.")
        var longest = 64

        @Option(help: "A directory on tmpfs to make the board's directory in.")
        var directory = "/dev/shm"

        @Flag(help: "Let stale cancels ignore the generation: the negative control.")
        var withoutGenerationCheck = false

        func validate() throws {
            guard requests > 0, (1...65_536).contains(slots), (0...64).contains(cancellers), longest > 0 else {
                throw ValidationError("--requests, --slots and --longest must be above 0, --cancellers 0 to 64.")
            }
        }

        func run() throws {
            let place = "\(directory)/loopguard-board-\(getpid())"
            defer { rmdir(place) }
            let clean = try measure(in: place)
            if !clean, !withoutGenerationCheck { throw ExitCode(1) }
        }

        private func measure(in place: String) throws -> Bool {
            let board = try BoardOwner.create(at: place, slots: slots)
            let blind = withoutGenerationCheck ? try BlindCanceller(place) : nil
            let engine = try PipedProcess(["board", "stress-engine", place])
            guard engine.readLine() == "ready" else { throw BenchmarkError("the engine did not start") }
            board.maintain()
            let gateway = StressGateway(
                board,
                requests: requests,
                cancellers: cancellers,
                longest: UInt64(longest),
                blind: blind
            )
            let start = monotonicNanoseconds()
            let result = try gateway.run(engine)
            let seconds = Double(monotonicNanoseconds() - start) / 1e9
            let status = engine.finish()
            let said = engine.readLine() ?? "nothing"
            guard status == 0 else { throw BenchmarkError("the engine ended with status \(status)") }
            var table = Table(["Quantity", "Value"])
            table.add(["requests", "\(result.requests)"])
            table.add(["ended naturally", "\(result.natural)"])
            table.add(["ended by a cancel", "\(result.cancelled)"])
            table.add(["of those, cancelled by somebody else's cancel", "\(result.wrongOwner)"])
            table.add(["natural ends with another request's figures", "\(result.wrongFigures)"])
            table.add(["orphans", "\(result.orphans)"])
            table.add(["stale cancels tried", "\(result.staleCancels)"])
            table.add(["of those, that found or raised a flag", "\(result.staleAccepted)"])
            table.add(["live cancels accepted", "\(result.liveAccepted)"])
            table.add(["engine", said])
            table.add(["slots not free at the end", "\(board.slotCount - board.statistics.free)"])
            table.add(["seconds", "\((seconds * 10).rounded() / 10)"])
            let check = withoutGenerationCheck ? "without the generation check" : "with the generation check"
            print("loopguard board, \(slots) slots, \(cancellers) cancelling threads, \(check)\n\n\(table.markdown)")
            if !withoutGenerationCheck { print("\n\(try Self.looks().markdown)") }
            return result.isClean && board.statistics.free == board.slotCount
        }

        /// What a step pays.
        private static func looks() throws -> Table {
            let (board, reader) = try BoardOwner.inProcess(slots: 256)
            let handles = (0..<256).compactMap { board.claim(runHash: UInt64($0)) }
            for handle in handles { _ = reader.admit(handle) }
            var watch = Stopwatch(repetitions: 5, sampleSeconds: 0.1)
            let now = BoardTime.now()
            let poll = watch.nanoseconds(per: 100_000) {
                var due: UInt64 = 0
                for _ in 0..<100_000 where reader.poll(now: now) { due += 1 }
                return due
            }
            let clocked = watch.nanoseconds(per: 100_000) {
                var due: UInt64 = 0
                for _ in 0..<100_000 where reader.poll(now: .now()) { due += 1 }
                return due
            }
            let state = watch.nanoseconds(per: 256 * 1_000) {
                var raised: UInt64 = 0
                for _ in 0..<1_000 { for handle in handles where reader.isCancelled(handle) { raised += 1 } }
                return raised
            }
            var table = Table(["A look", "ns"])
            table.add(["poll, once per step, the time at hand", poll.text])
            table.add(["poll, and reading the clock for it", clocked.text])
            table.add(["the flag of one run, when the bell has rung", state.text])
            return table
        }
    }

    struct StressEngineSide: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "stress-engine", shouldDisplay: false)

        @Argument var directory: String

        func run() throws {
            let reader = try BoardReader.open(at: directory)
            print("ready")
            fflush(nil)
            var engine = StressEngine(reader)
            try engine.run()
        }
    }

    struct Console: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "console", shouldDisplay: false)

        enum Side: String, ExpressibleByArgument { case gateway, engine }

        @Argument var side: Side
        @Argument var directory: String
        @Option var slots = 4
        @Option(help: "Make a sealed board and open a door there for this user.") var doorFor: UInt32?

        func run() throws {
            switch side {
            case .gateway:
                if let doorFor {
                    let board = try BoardOwner.createSealed(slots: slots)
                    let door = try BoardDoor(at: directory, to: board, forUser: doorFor)
                    return BoardConsole(side: .gateway(board), door: door).run()
                }
                BoardConsole(side: .gateway(try BoardOwner.create(at: directory, slots: slots))).run()
            case .engine: BoardConsole(side: .engine(try BoardReader.open(at: directory))).run()
            }
        }
    }
}

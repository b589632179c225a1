import CancelBoard
import Cancellation
import Glibc

/// A side of a board that does what standard input says, a line at a time, and prints what came of it: for tests that
/// need a second process, in whatever state, to be killed or to be read from another language.
struct BoardConsole {
    /// Which side.
    enum Side {
        case gateway(BoardOwner)
        case engine(BoardReader)
    }

    let side: Side
    /// Answered at `answer`.
    var door: BoardDoor?

    func run() {
        print("ready \(getpid())")
        fflush(nil)
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            print((try? answer(words)) ?? "what? \(line)")
            fflush(nil)
        }
    }

    private func answer(_ words: [String]) throws -> String? {
        switch (side, words.first, words.count) {
        case (.gateway(let board), "claim", 1): return board.claim(runHash: 1).map { "\($0)" } ?? "full"
        case (.gateway(let board), "maintain", _):
            let later = words.count > 1 ? UInt64(words[1]) ?? 0 : 0
            board.maintain(now: .now() + later * 1_000_000_000)
            return "maintained"
        case (.gateway(let board), "answer", 1):
            // Until somebody has been let in or turned away.
            while board.engine == nil {
                if let problem = door?.answer().first { return "\(problem)" }
                usleep(1_000)
            }
            return "let in"
        case (.gateway(let board), "statistics", 1):
            let figures = board.statistics
            return "free \(figures.free) held \(figures.held) resting \(figures.resting)"
        case (.gateway(let board), "cancel", 3):
            return "\(board.cancel(try BoardHandle(parsing: words[1]), try reason(words[2])))"
        case (.gateway(let board), "cancel-without-bell", 3):
            return "\(board.cancelWithoutBell(try BoardHandle(parsing: words[1]), try reason(words[2])))"
        case (.gateway(let board), "release", 3):
            return "\(board.release(try BoardHandle(parsing: words[1]), connectionEnded: words[2] == "ended"))"
        case (.gateway(let board), "acknowledgement", 2):
            guard let said = board.acknowledgement(try BoardHandle(parsing: words[1])) else { return "foreign" }
            switch said.state {
            case .none: return "none"
            case .bound: return "bound"
            case .final(let outcome): return "\(outcome) \(said.tokens) \(said.step)"
            }
        case (.engine(let reader), "admit", 2): return "\(reader.admit(try BoardHandle(parsing: words[1])))"
        case (.engine(let reader), "state", 2): return "\(reader.state(of: try BoardHandle(parsing: words[1])))"
        case (.engine(let reader), "poll", 1): return "\(reader.poll(now: .now()))"
        case (.engine(let reader), "finish", 4):
            guard let outcome = BoardOutcome.allCases.first(where: { "\($0)" == words[2] }),
                let tokens = UInt64(words[3])
            else { return nil }
            let step = reader.stepCount
            return "\(reader.finish(try BoardHandle(parsing: words[1]), outcome, tokens: tokens, step: step))"
        default: return nil
        }
    }

    private func reason(_ code: String) throws -> EndReason {
        guard let reason = UInt8(code).flatMap({ EndReason(code: $0) }) else {
            throw BenchmarkError("'\(code)' is no reason")
        }
        return reason
    }
}

import Synchronization
import Testing

@testable import Cancellation

struct RunStateTests {
    /// Every legal edge, as written in the design; all others must be refused.
    static let legal: [RunPhase: Set<RunPhase>] = [
        .queued: [.sent, .stopping, .failed],
        .sent: [.streaming, .stopping, .failed, .completed],
        .streaming: [.stopping, .completed, .failed],
        .stopping: [.stopped, .capped, .disconnected],
    ]

    @Test(arguments: RunPhase.allCases, RunPhase.allCases)
    func onlyLegalEdgesExist(from: RunPhase, to: RunPhase) {
        #expect(from.leads(to: to) == (Self.legal[from]?.contains(to) ?? false))
    }

    @Test(arguments: RunPhase.allCases.filter(\.isTerminal))
    func nothingLeavesATerminalPhase(phase: RunPhase) {
        let run = State(in: phase)
        let before = run.current
        #expect(before.phase == phase)
        #expect(
            !run.advance(to: .sent) && !run.advance(to: .streaming) && !run.advance(to: .completed)
        )
        #expect(!run.fail())
        #expect(run.settle() == nil)
        #expect(run.stop(.userStop) == .alreadyEnded(before))
        #expect(run.current == before)
    }

    @Test func aNaturalRunGoesThroughEveryPhase() {
        let state = State(generation: 7)
        #expect(state.current.phase == .queued && state.current.reason == nil && state.current.generation == 7)
        #expect(!state.advance(to: .streaming))
        #expect(state.advance(to: .sent) && state.advance(to: .streaming) && state.advance(to: .completed))
        #expect(state.current.phase == .completed && state.current.reason == nil && state.current.generation == 7)
    }

    @Test func S5_theFirstReasonStays() {
        let state = State()
        #expect(state.stop(.guardTrip(detector: 1)) == .won)
        let stopping = state.current
        #expect(state.stop(.userStop) == .alreadyStopping(stopping))
        #expect(!state.advance(to: .completed))
        #expect(!state.fail())
        #expect(state.settle() == .capped)
        #expect(state.current.reason == .guardTrip(detector: 1))
    }

    @Test(arguments: [
        (EndReason.userStop, RunPhase.stopped), (.treeStop, .stopped), (.deadline, .stopped), (.shutdown, .stopped),
        (.clientDisconnect, .disconnected), (.guardTrip(detector: 12), .capped),
    ])
    func theReasonDecidesWhereAStoppedRunRests(reason: EndReason, phase: RunPhase) {
        let state = State()
        #expect(state.stop(reason) == .won)
        #expect(state.settle() == phase)
        #expect(state.current.phase == phase && state.current.reason == reason)
    }

    @Test func aGenerationKeepsToItsFortyEightBits() {
        let state = State(generation: .max)
        #expect(state.current.generation == (1 << 48) - 1)
        #expect(state.current.phase == .queued && state.current.reason == nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func ofAllWhoEndARunExactlyOneWins() async {
        // 25,000 runs, each contended by four tasks: 10⁵ attempts.
        let runs = (0..<25_000).map { _ in State(in: .streaming) }
        let wins = await withTaskGroup(of: Int.self) { group in
            for contender in 0..<4 {
                group.addTask {
                    runs.reduce(0) { wins, run in
                        let won =
                            switch contender {
                            case 0: run.stop(.userStop) == .won
                            case 1: run.stop(.guardTrip(detector: 3)) == .won
                            case 2: run.advance(to: .completed)
                            default: run.fail()
                            }
                        return wins + (won ? 1 : 0)
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wins == runs.count)
    }

    /// A state brought into a phase along legal edges. A class, since the expectation macros want to copy.
    private final class State: Sendable {
        let state: RunState
        var current: RunState.Snapshot { state.current }
        func advance(to phase: RunPhase) -> Bool { state.advance(to: phase) }
        func stop(_ reason: EndReason) -> RunState.StopResult { state.stop(reason) }
        func fail() -> Bool { state.fail() }
        func settle() -> RunPhase? { state.settle() }

        init(in phase: RunPhase = .queued, generation: UInt64 = 1) {
            state = RunState(generation: generation)
            switch phase {
            case .queued: break
            case .sent: _ = state.advance(to: .sent)
            case .streaming, .completed:
                _ = state.advance(to: .sent)
                _ = state.advance(to: .streaming)
                if phase == .completed { _ = state.advance(to: .completed) }
            case .stopping, .stopped: _ = state.stop(.userStop)
            case .capped: _ = state.stop(.guardTrip(detector: 1))
            case .disconnected: _ = state.stop(.clientDisconnect)
            case .failed: _ = state.fail()
            }
            if phase.isTerminal { _ = state.settle() }
        }
    }
}

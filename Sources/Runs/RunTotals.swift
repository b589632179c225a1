public import Cancellation
internal import Synchronization

/// What all runs together amount to, since the start and in the last hour.
public final class RunTotals: Sendable {
    /// What is counted.
    public struct Counts: Sendable, Equatable {
        /// Runs that came to rest.
        public var runs = 0
        /// How they came to rest, by phase.
        public var phases: [RunPhase: Int] = [:]
        /// Verdicts of the detectors that ended a run.
        public var trips = 0
        /// Runs that were ended by somebody and not by a detector.
        public var cancels = 0
        /// Pieces of text that came from the engine.
        public var tokens = 0
        /// Bytes of answers.
        public var bytes = 0
        /// Tokens that were asked for and not generated because a run was ended; only of runs that named a limit.
        public var saved = 0

        /// Nothing.
        public init() {}
    }

    /// The length of a step of the history, in seconds.
    public static let step = 10
    /// How many steps are kept: an hour.
    public static let kept = 360

    private struct Shelf {
        var total = Counts()
        var last = Counts()
        var history: [Counts] = []
    }

    private let shelf = Mutex(Shelf())
    private let streamed = Atomic<Int>(0)

    /// Nothing yet.
    public init() {}

    /// Counts pieces of text as they come.
    public func received(tokens: Int) { streamed.wrappingAdd(tokens, ordering: .relaxed) }

    /// Counts a run that came to rest.
    func ended(_ run: Run) {
        let state = run.state.current
        let tokens = run.figures.tokens.load(ordering: .relaxed)
        let bytes = run.figures.bytes.load(ordering: .relaxed)
        shelf.withLock {
            $0.total.runs += 1
            $0.total.phases[state.phase, default: 0] += 1
            $0.total.bytes += bytes
            if state.phase == .capped { $0.total.trips += 1 }
            if state.phase == .stopped { $0.total.cancels += 1 }
            guard state.phase == .capped || state.phase == .stopped, let limit = run.facts.maxTokens else { return }
            $0.total.saved += max(0, limit - tokens)
        }
    }

    /// Closes a step of the history; to be called every ``step`` seconds.
    public func tick() {
        let tokens = streamed.load(ordering: .relaxed)
        shelf.withLock {
            $0.total.tokens = tokens
            var step = Counts()
            step.runs = $0.total.runs - $0.last.runs
            step.trips = $0.total.trips - $0.last.trips
            step.cancels = $0.total.cancels - $0.last.cancels
            step.tokens = $0.total.tokens - $0.last.tokens
            step.saved = $0.total.saved - $0.last.saved
            $0.last = $0.total
            if $0.history.count == Self.kept { $0.history.removeFirst() }
            $0.history.append(step)
        }
    }

    /// The totals since the start and the steps of the last hour, oldest first.
    public var current: (total: Counts, history: [Counts]) {
        let tokens = streamed.load(ordering: .relaxed)
        return shelf.withLock {
            var total = $0.total
            total.tokens = tokens
            return (total, $0.history)
        }
    }
}

public import Cancellation
internal import Synchronization

extension RunRegistry {
    /// Stops a run, and what it started.
    ///
    /// The next calls of the tree are forbidden first; then the run itself ends, and only when its client's ending is
    /// written the runs below it do, level by level: a parent whose child ends early would begin a new turn (opencui
    /// #310, #311).
    /// - Parameter answer: Called once everything is carried out, from any thread.
    public func stop(
        _ run: Run,
        _ wish: StopRequest,
        reason: EndReason = .userStop,
        at now: UInt64,
        answer: @escaping @Sendable (StopAnswer) -> Void
    ) {
        let seen = run.state.current
        if let wanted = wish.ifGeneration, wanted != seen.generation {
            return answer(StopAnswer(run, seen.phase, refusal: .staleOwner))
        }
        let below = wish.scope == .tree || wish.mode == .boundary ? bury(run, at: now) : []
        let live = below.joined().count { !$0.state.current.phase.isTerminal }
        guard wish.mode == .immediate else {
            var result = StopAnswer(run, seen.phase, refusal: nil)
            result.descendants = live
            return answer(result)
        }
        let stopped = Stopped()
        run.requestEnd(reason, source: wish.source) { [self] outcome in
            if outcome == .won { stopped.add(run) }
            end(below[...], source: wish.source, stopped) {
                var result = StopAnswer(run, outcome, asked: reason)
                result.descendants = live
                result.stopped = stopped.ids
                answer(result)
            }
        }
    }

    /// Ends the levels of a tree one after the other.
    private func end(
        _ levels: ArraySlice<[Run]>,
        source: String?,
        _ stopped: Stopped,
        then done: @escaping @Sendable () -> Void
    ) {
        guard let level = levels.first else { return done() }
        let rest = levels.dropFirst()
        let countdown = Countdown(level.count) { [self] in end(rest, source: source, stopped, then: done) }
        for run in level {
            run.requestEnd(.treeStop, source: source) { outcome in
                if outcome == .won { stopped.add(run) }
                countdown.arrive()
            }
        }
    }
}

/// The runs that one wish decided to end.
private final class Stopped: Sendable {
    private let runs = Mutex<[String]>([])

    func add(_ run: Run) { runs.withLock { $0.append(run.id) } }
    var ids: [String] { runs.withLock { $0 } }
}

/// Calls once when as many have arrived as are awaited, of which there is at least one.
private final class Countdown: Sendable {
    private let left: Atomic<Int>
    private let done: @Sendable () -> Void

    init(_ count: Int, then done: @escaping @Sendable () -> Void) {
        left = Atomic(count)
        self.done = done
    }

    func arrive() {
        if left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { done() }
    }
}

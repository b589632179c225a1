import Cancellation
private import Synchronization

/// The sequences that live and the last ones that lived, by every name they answer to.
final class Registry: Sendable {
    private struct State {
        /// In the order of their arrival.
        var active: [Generation] = []
        var byName: [String: [Generation]] = [:]
        var recent: [(names: [String], status: SequenceStatus)] = []
        /// Counts only; the lists stay empty.
        var totals = EngineStatus()
    }

    private let state = Mutex(State())
    private let heldTokens = Atomic(0)
    private let preemptions = Atomic(0)
    private let history: Int
    private let metrics = EngineMetrics()

    /// - Parameter history: How many sequences are remembered after their end.
    init(history: Int) { self.history = history }

    /// What became of a cancel.
    enum CancelResult: Sendable, Equatable {
        /// This call set the flag.
        case cancelled
        /// The flag was set before, and the sequence has not ended yet.
        case alreadyStopping
        /// The sequence has ended.
        case finished(SequenceStatus.State)
        /// Nobody has that name.
        case unknown
    }

    /// Enters the choices of one request under all its names.
    /// - Returns: The name that another living request has; `nil` when all went well.
    func enter(_ generations: [Generation], names: [String]) -> String? {
        state.withLock { state in
            if let taken = names.first(where: { state.byName[$0] != nil }) { return taken }
            state.active += generations
            for name in names { state.byName[name] = generations }
            return nil
        }
    }

    /// Takes out a sequence that was refused before it ever ran.
    func forget(_ generations: [Generation]) {
        for generation in generations { remove(generation) { _, _ in } }
    }

    /// Moves a sequence that has ended from the living to the remembered.
    func retire(_ generation: Generation) {
        remove(generation) { state, names in
            let status = generation.status
            metrics.ended(status)
            state.totals.finished += 1
            if status.state == .cancelled { state.totals.cancelled += 1 }
            state.totals.generatedTokens += status.generatedTokens
            state.totals.tokensAfterCancel += status.tokensAfterCancel
            state.recent.append((names, status))
            if state.recent.count > history { state.recent.removeFirst(state.recent.count - history) }
        }
    }

    /// Sets the flags of all sequences with that name.
    func cancel(_ name: String, _ reason: EndReason) -> CancelResult {
        state.withLock { state in
            guard let generations = state.byName[name] else {
                let last = state.recent.last { $0.names.contains(name) }
                return last.map { .finished($0.status.state) } ?? .unknown
            }
            var result: CancelResult?
            for generation in generations {
                if generation.flag.set(reason) {
                    result = .cancelled
                } else if generation.flag.isSet, result == nil {
                    result = .alreadyStopping
                }
            }
            // All of them have come to their natural end and are about to be retired.
            return result ?? .finished(.completed)
        }
    }

    /// Sets the flags of all living sequences.
    func cancelAll(_ reason: EndReason) {
        state.withLock { state in
            for generation in state.active { generation.flag.set(reason) }
        }
    }

    /// Takes note of how many tokens the sequences in slots have together.
    func hold(_ tokens: Int) { heldTokens.store(tokens, ordering: .relaxed) }

    /// Counts a sequence that lost its slot for lack of room.
    func countPreemption() {
        preemptions.add(1, ordering: .relaxed)
        metrics.preempted()
    }

    var status: EngineStatus {
        state.withLock { state in
            var status = state.totals
            status.heldTokens = heldTokens.load(ordering: .relaxed)
            status.preemptions = preemptions.load(ordering: .relaxed)
            status.active = state.active.map(\.status)
            status.recent = state.recent.map(\.status)
            return status
        }
    }

    private func remove(_ generation: Generation, _ then: (inout State, [String]) -> Void) {
        state.withLock { state in
            state.active.removeAll { $0 === generation }
            var names: [String] = []
            for (name, generations) in state.byName where generations.contains(where: { $0 === generation }) {
                names.append(name)
                let others = generations.filter { $0 !== generation }
                state.byName[name] = others.isEmpty ? nil : others
            }
            then(&state, names)
        }
    }
}

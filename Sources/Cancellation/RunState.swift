internal import Synchronization

/// Where a run stands. Order: from its beginning to its end.
public enum RunPhase: UInt8, Sendable, CaseIterable {
    /// Accepted; the engine has not been asked yet.
    case queued = 1
    /// The request is on its way; the engine has not answered.
    case sent
    /// The engine's answer is being passed on.
    case streaming
    /// Someone decided to end the run; its effects are being carried out.
    case stopping
    /// The engine ended the run by itself.
    case completed
    /// Ended by a person, a tree, a deadline or a shutdown.
    case stopped
    /// Ended by a detector.
    case capped
    /// Ended because the client had gone.
    case disconnected
    /// The engine or the way to it broke.
    case failed

    /// Whether no phase follows.
    public var isTerminal: Bool { self >= .completed }

    /// The name used in metrics, logs and answers.
    public var name: String { Self.names[Int(rawValue) - 1] }

    // Made once: reading them off the cases costs microseconds.
    private static let names = allCases.map { "\($0)" }

    /// Whether a run may go from this phase to `next`.
    public func leads(to next: RunPhase) -> Bool {
        switch (self, next) {
        case (.queued, .sent), (.queued, .stopping), (.queued, .failed): true
        case (.sent, .streaming), (.sent, .stopping), (.sent, .failed), (.sent, .completed): true
        case (.streaming, .stopping), (.streaming, .completed), (.streaming, .failed): true
        case (.stopping, .stopped), (.stopping, .capped), (.stopping, .disconnected): true
        default: false
        }
    }
}

extension RunPhase: Comparable {
    /// Orders phases as they are declared.
    public static func < (left: RunPhase, right: RunPhase) -> Bool { left.rawValue < right.rawValue }
}

/// The state of one run: a single atomic word `[generation:48|phase:8|reason:8]`, changed only by compare-and-swap.
///
/// A cancel, a natural end and a failure may race from any thread; the one whose swap succeeds acts on it and nobody
/// else does. Because phase and reason share the word, there is no moment at which a run is being ended without a
/// reason, and the first reason is the one that stays.
public struct RunState: ~Copyable, Sendable {
    private let word: Atomic<UInt64>

    /// A queued run.
    /// - Parameter generation: Tells this run from earlier users of the same slot; the low 48 bits count.
    public init(generation: UInt64) {
        word = Atomic(Snapshot(generation: generation & Snapshot.lastGeneration, phase: .queued, reason: nil).word)
    }

    /// The state at this moment.
    public var current: Snapshot { Snapshot(word: word.load(ordering: .acquiring)) }

    /// Takes a step that needs no reason: to ``RunPhase/sent``, ``RunPhase/streaming`` or ``RunPhase/completed``.
    /// - Returns: Whether this call took the step; false when the phase does not lead there any more.
    public func advance(to phase: RunPhase) -> Bool {
        precondition(phase == .sent || phase == .streaming || phase == .completed, "every other step needs a reason")
        return exchange { $0.phase.leads(to: phase) ? $0.with(phase) : nil }.won
    }

    /// Decides that the run is to be ended for `reason`.
    public func stop(_ reason: EndReason) -> StopResult {
        let (won, seen) = exchange { $0.phase.leads(to: .stopping) ? $0.with(.stopping, reason) : nil }
        if won { return .won }
        return seen.phase == .stopping ? .alreadyStopping(seen) : .alreadyEnded(seen)
    }

    /// Records that the engine or the way to it broke.
    /// - Returns: Whether this call made the run a failed one.
    public func fail(_ reason: EndReason = .upstreamLost) -> Bool {
        exchange { $0.phase.leads(to: .failed) ? $0.with(.failed, reason) : nil }.won
    }

    /// The effects of a stop are carried out: the run comes to rest in the phase that its reason asks for.
    /// - Returns: That phase; `nil` when the run was not stopping.
    public func settle() -> RunPhase? {
        let (won, seen) = exchange { $0.phase == .stopping ? $0.with($0.restingPhase) : nil }
        return won ? seen.phase : nil
    }

    /// Swaps in what `step` makes of the current state, until it sticks or `step` declines. `seen` is the state
    /// afterwards.
    private func exchange(_ step: (Snapshot) -> Snapshot?) -> (won: Bool, seen: Snapshot) {
        var seen = word.load(ordering: .acquiring)
        while true {
            let now = Snapshot(word: seen)
            guard let next = step(now) else { return (false, now) }
            let swap = word.compareExchange(expected: seen, desired: next.word, ordering: .acquiringAndReleasing)
            if swap.exchanged { return (true, next) }
            seen = swap.original
        }
    }

    /// What came of an attempt to stop.
    public enum StopResult: Sendable, Equatable {
        /// This call decided it; the caller carries out the effects.
        case won
        /// Someone else had decided before; the snapshot tells why.
        case alreadyStopping(Snapshot)
        /// The run is over; the snapshot tells how.
        case alreadyEnded(Snapshot)
    }

    /// The state at one moment.
    public struct Snapshot: Sendable, Equatable {
        /// Tells this run from earlier users of the same slot.
        public let generation: UInt64
        /// Where the run stands.
        public let phase: RunPhase
        /// Why it ends or ended; `nil` while it runs and after a natural end.
        public let reason: EndReason?

        static let lastGeneration = (UInt64(1) << 48) - 1

        init(generation: UInt64, phase: RunPhase, reason: EndReason?) {
            self.generation = generation
            self.phase = phase
            self.reason = reason
        }

        init(word: UInt64) {
            generation = word >> 16
            phase = RunPhase(rawValue: UInt8(truncatingIfNeeded: word >> 8))!
            reason = EndReason(code: UInt8(truncatingIfNeeded: word))
        }

        var word: UInt64 { generation << 16 | UInt64(phase.rawValue) << 8 | UInt64(reason?.code ?? 0) }

        func with(_ phase: RunPhase) -> Snapshot { with(phase, reason) }

        func with(_ phase: RunPhase, _ reason: EndReason?) -> Snapshot {
            Snapshot(generation: generation, phase: phase, reason: reason)
        }

        /// The phase that the run is in, or the one in which it will come to rest when it is being ended.
        public var outcome: RunPhase { phase == .stopping ? restingPhase : phase }

        var restingPhase: RunPhase {
            switch reason {
            case .clientDisconnect: .disconnected
            case let reason? where reason.detector != nil: .capped
            default: .stopped
            }
        }
    }
}

public import Cancellation

/// How much is to be stopped.
public enum StopScope: String, Sendable, CaseIterable {
    /// The run and everything that it started.
    case tree
    /// The run alone.
    case run
}

/// How soon.
public enum StopMode: String, Sendable, CaseIterable {
    /// What is in flight is cut.
    case immediate
    /// What is in flight finishes; the next call is refused.
    case boundary
}

/// A wish to stop a run.
public struct StopRequest: Sendable, Equatable {
    /// How much.
    public var scope: StopScope
    /// How soon.
    public var mode: StopMode
    /// Who asks, in a word, such as `dashboard`.
    public var source: String?
    /// Stop it only when this is still the run that is meant.
    public var ifGeneration: UInt64?

    /// A wish.
    public init(
        scope: StopScope = .run,
        mode: StopMode = .immediate,
        source: String? = nil,
        ifGeneration: UInt64? = nil
    ) {
        self.scope = scope
        self.mode = mode
        self.source = source
        self.ifGeneration = ifGeneration
    }
}

/// What came of a wish to stop a run.
public struct StopAnswer: Sendable, Equatable {
    /// Why nothing was cancelled.
    public enum Refusal: String, Sendable {
        /// The run had come to its natural end, or failed.
        case alreadyFinished = "already_finished"
        /// Somebody had stopped it before.
        case alreadyStopped = "already_stopped"
        /// A detector or a disconnect is ending it already.
        case alreadyStopping = "already_stopping"
        /// The id means another run by now.
        case staleOwner = "stale_owner"
    }

    /// The run that was meant.
    public var id: String
    /// Which of the runs of that name.
    public var generation: UInt64
    /// Whether the run is being stopped because somebody asked.
    public var isCancelled: Bool
    /// Where the run stands.
    public var phase: RunPhase
    /// Why it is not being cancelled.
    public var refusal: Refusal?
    /// Whether it was being stopped already when this was asked.
    public var isDuplicate = false
    /// How many runs below it are live.
    public var descendants = 0
    /// The runs that this very wish decided to end, the root first.
    public var stopped: [String] = []
}

extension StopAnswer {
    init(_ run: Run, _ phase: RunPhase, refusal: Refusal?) {
        id = run.id
        generation = run.state.current.generation
        isCancelled = refusal == nil
        self.phase = phase
        self.refusal = refusal
    }

    /// What to say after `reason` was asked for.
    init(_ run: Run, _ result: RunState.StopResult, asked reason: EndReason) {
        switch result {
        case .won: self.init(run, .stopping, refusal: nil)
        case .alreadyStopping(let seen) where seen.reason == reason:
            self.init(run, .stopping, refusal: nil)
            isDuplicate = true
        case .alreadyStopping: self.init(run, .stopping, refusal: .alreadyStopping)
        case .alreadyEnded(let seen):
            let isNatural = seen.phase == .completed || seen.phase == .failed
            self.init(run, seen.phase, refusal: isNatural ? .alreadyFinished : .alreadyStopped)
        }
    }
}

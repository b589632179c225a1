/// How the engine says a run ended.
public enum BoardOutcome: UInt8, Sendable, CaseIterable {
    /// By itself: the model was done, a stop text or a limit was reached.
    case natural = 1
    /// Because its flag was set.
    case cancelled
    /// Because its slot had a new owner or none.
    case orphan
    /// The engine broke off.
    case failed
}

/// What the engine says about a run.
public struct BoardAcknowledgement: Sendable, Equatable {
    /// Where the run stands in the engine.
    public enum State: Sendable, Equatable {
        /// The engine has not taken it up, or does not read boards.
        case none
        /// The engine works on it.
        case bound
        /// The engine is done with it.
        case final(BoardOutcome)
    }

    /// Where the run stands in the engine.
    public var state: State
    /// How many tokens the engine generated; 0 before the end.
    public var tokens: UInt64
    /// The engine's step at which the run ended; 0 before the end.
    public var step: UInt64

    /// Whether the engine has confirmed that it ended the run because of the flag.
    public var isConfirmedCancel: Bool { state == .final(.cancelled) }
}

/// What is known of the engine's end of a run that was ended before its natural end.
public struct Confirmation: Sendable, Equatable {
    /// How the engine's end was learnt, or at least brought about.
    public enum Way: String, Sendable, CaseIterable {
        /// The cancel board.
        case board
        /// The engine's own way of cancelling.
        case http
        /// The connection was closed.
        case close
    }

    /// Whether the engine is known to have stopped; `nil` when it cannot be told.
    public var isConfirmed: Bool?
    /// How that is known.
    public var way: Way
    /// How it ended there, in the engine's own words: `cancelled`, `natural`, `orphan`, `error`, `idle`.
    public var outcome: String?
    /// How many tokens the engine generated for the run, where it tells.
    public var tokens: UInt64?
    /// The engine's step at which it ended, where it tells.
    public var step: UInt64?
    /// From the decision until the engine's word was seen, in nanoseconds.
    public var nanoseconds: Int64

    /// What is known.
    public init(
        isConfirmed: Bool?,
        way: Way,
        outcome: String? = nil,
        tokens: UInt64? = nil,
        step: UInt64? = nil,
        nanoseconds: Int64
    ) {
        self.isConfirmed = isConfirmed
        self.way = way
        self.outcome = outcome
        self.tokens = tokens
        self.step = step
        self.nanoseconds = nanoseconds
    }
}

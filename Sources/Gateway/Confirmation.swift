/// What is known of the engine's end of a run that was ended before its natural end.
struct Confirmation: Sendable, Equatable {
    /// How the engine's end was learnt, or at least brought about.
    enum Way: String, Sendable, CaseIterable {
        /// The cancel board.
        case board
        /// The engine's own way of cancelling.
        case http
        /// The connection was closed.
        case close
    }

    /// Whether the engine is known to have stopped; `nil` when it cannot be told.
    var isConfirmed: Bool?
    /// How that is known.
    var way: Way
    /// How it ended there: by what the engine said, `idle` where it was seen to be, `error` where it was gone.
    var outcome: String?
    /// How many tokens the engine generated for the run, where it tells.
    var tokens: UInt64?
    /// The engine's step at which it ended, where it tells.
    var step: UInt64?
    /// From the decision until the engine's end was seen, in nanoseconds.
    var nanoseconds: Int64
}

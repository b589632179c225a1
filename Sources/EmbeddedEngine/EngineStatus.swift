public import Cancellation

/// What the engine is doing and has done lately.
public struct EngineStatus: Sendable, Equatable {
    /// The sequences that wait or run, oldest first.
    public var active: [SequenceStatus] = []
    /// The sequences that have ended, oldest first; a bounded number of them.
    public var recent: [SequenceStatus] = []
    /// The tokens that the sequences in slots have together.
    public var heldTokens = 0
    /// How often a sequence lost its slot for lack of room.
    public var preemptions = 0
    /// The sequences that have ended since the start.
    public var finished = 0
    /// Those of them that were cancelled.
    public var cancelled = 0
    /// The tokens written by sequences that have ended.
    public var generatedTokens = 0
    /// The tokens written after a sequence's flag was set: at most one for each cancelled sequence.
    public var tokensAfterCancel = 0
}

/// One sequence.
public struct SequenceStatus: Sendable, Equatable {
    /// The id under which the request can be cancelled.
    public var id: String
    /// Which of the request's choices it is, from 0.
    public var choice: Int
    /// Where it stands.
    public var state: State
    /// The length of its prompt in tokens.
    public var promptTokens: Int
    /// The tokens that the model has written.
    public var generatedTokens: Int
    /// The tokens that the model wrote after the flag was set: 0 or 1.
    public var tokensAfterCancel: Int
    /// How often it lost its slot for lack of room.
    public var preemptions: Int
    /// Why it was cancelled; `nil` when it was not.
    public var cancelReason: EndReason?

    /// Where a sequence stands.
    public enum State: String, Sendable, CaseIterable {
        /// It waits for a slot.
        case queued
        /// The model reads its prompt.
        case prefill
        /// The model writes.
        case decode
        /// It has lost its slot for lack of room and waits to go on.
        case swapped
        /// It came to its natural end.
        case completed
        /// It was cancelled.
        case cancelled

        var code: UInt8 { UInt8(Self.allCases.firstIndex(of: self)!) }
        init(code: UInt8) { self = Self.allCases[Int(code)] }
    }
}

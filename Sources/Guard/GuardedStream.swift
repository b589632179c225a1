public import Cancellation
public import GenerationWire
public import LoopDetection

// CONTRACT (bodies follow).

/// One guarded response: bytes in, bytes and effects out. No I/O, no clock.
///
/// The gateway, the replayer, the tests and the fuzzer all run this very type.
public struct GuardedStream: Sendable {
    /// Creates the guard of one response.
    public init(request: GenerationRequest, settings: GuardSettings, runID: String) {}

    /// Takes the bytes of one read from the engine.
    ///
    /// Returns the bytes to write to the client and what was found. When `outcome.trip` is set, the caller decides by
    /// compare-and-swap whether this is what ends the run and then calls ``end(_:)``; whatever is received after a trip
    /// is dropped.
    public mutating func receive(_ bytes: Span<UInt8>) -> Outcome { Outcome() }

    /// The engine's response is complete. Returns what was still held back.
    public mutating func finish() -> Outcome { Outcome() }

    /// Ends the stream early with an ending that the client's format allows. Returns nothing when the engine's own
    /// ending was already passed on. Nothing may be received afterwards.
    public mutating func end(_ reason: EndReason) -> [UInt8] { [] }

    /// The engine broke off in the middle. Returns an in-band error of the client's format.
    public mutating func fail(_ message: String) -> [UInt8] { [] }

    /// Whether the engine's own finish reason has been passed on for every choice.
    public private(set) var isComplete = false

    /// What one read led to.
    public struct Outcome: Sendable {
        /// What to write to the client.
        public var forward = Forward.unchanged
        /// New verdicts, in order; empty nearly always.
        public var verdicts: [Verdict] = []
        /// The verdict that ends the run, when one does.
        public var trip: Verdict?
    }

    /// What to write to the client.
    public enum Forward: Sendable, Equatable {
        /// Exactly the bytes that were received.
        case unchanged
        /// These bytes instead; often a part of what was received.
        case bytes([UInt8])
    }
}

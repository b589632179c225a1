public import Cancellation
public import LoopDetection

/// Something that happened to a run.
public struct RunEvent: Sendable {
    /// What happened.
    public enum Kind: Sendable {
        /// The run began.
        case started
        /// It took a step that is not its last.
        case state(RunPhase, EndReason?)
        /// A detector spoke.
        case trip(Verdict)
        /// The model has made a tool call; the arguments are cut short.
        case toolCall(name: String, arguments: String)
        /// The run came to rest. There is exactly one such event for every run.
        case ended(RunPhase, EndReason?)
        /// The engine's end became known after the run had come to rest.
        case engine(Confirmation)
    }

    /// The place in the order of all events, from 1 on.
    public internal(set) var number: UInt64 = 0
    /// The time in Unix seconds.
    public var time: Double
    /// The run it happened to.
    public var run: Run
    /// What happened.
    public var kind: Kind

    /// An event.
    public init(_ kind: Kind, of run: Run, at time: Double) {
        self.kind = kind
        self.run = run
        self.time = time
    }
}

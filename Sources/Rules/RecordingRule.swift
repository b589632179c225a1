/// What the rules say about recording a run.
public struct RecordingRule: Sendable, Equatable {
    /// Which runs.
    public enum Choice: Sendable, Equatable {
        /// Every run.
        case all
        /// Runs in which a detector found something, in whichever mode.
        case tripped
    }

    /// Which runs.
    public var only = Choice.all
    /// The share of them, from 0 to 1.
    public var sample = 1.0

    /// The shipped rule: every run, where recordings are made at all.
    public init() {}
}

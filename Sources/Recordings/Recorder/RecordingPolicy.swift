/// Which runs are recorded.
public struct RecordingPolicy: Sendable, Equatable {
    /// Of the runs that may be recorded, those that are.
    public enum Choice: String, Sendable, CaseIterable {
        /// Every one.
        case all
        /// Those in which a detector found something, in whichever mode.
        case tripped
    }

    /// Which runs.
    public var only = Choice.all
    /// The share of runs that may be recorded, from 0 to 1. Each is decided by chance when it begins.
    public var sample = 1.0

    /// Creates a policy.
    public init(only: Choice = .all, sample: Double = 1) {
        self.only = only
        self.sample = sample
    }

    /// What both policies allow: the narrower choice and the smaller share.
    public func narrowed(by other: RecordingPolicy) -> RecordingPolicy {
        RecordingPolicy(
            only: only == .tripped || other.only == .tripped ? .tripped : .all,
            sample: min(sample, other.sample)
        )
    }
}

/// What becomes of the recording of a run that may be recorded.
public enum RecordingFate: Sendable {
    /// It is written, or will be.
    case kept
    /// It was given up. Nothing else follows that means anything.
    case lost
}

/// What a recorder needs to know before it starts.
public struct RecorderConfiguration: Sendable {
    /// The folder in which the segments are written; it is created.
    public var directory: String
    /// Which runs are recorded, as far as the rules do not say less.
    public var policy = RecordingPolicy()
    /// What of it is kept.
    public var limits = RecordingDirectory.Limits(bytes: 1 << 30, age: 7 * 86_400)
    /// Whether letters and digits of texts are replaced.
    public var redactsText = false
    /// The most bytes that wait to be written; a run of which something comes beyond that is not recorded.
    public var queueBytes = 32 << 20
    /// The most bytes, of all runs together, that are kept in memory until it is known whether they are to be recorded.
    public var undecidedBytes = 128 << 20
    /// After how long what was recorded is in the file.
    public var flushInterval = Duration.seconds(1)

    /// A configuration with the shipped defaults.
    public init(directory: String) { self.directory = directory }

    /// The length of a segment beyond which no further run is begun in it.
    var segmentBytes: Int { min(64 << 20, max(1 << 16, (limits.bytes ?? .max) / 16)) }

    /// The age of a segment beyond which no further run is begun in it.
    var segmentAge: Duration { .seconds(min(3_600, max(1, (limits.age ?? .infinity) / 16))) }
}

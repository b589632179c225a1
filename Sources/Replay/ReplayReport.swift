import LoopDetection

/// What many replays came to, in all that is told of it: counts, what each detector did, how sizes are distributed, and
/// the runs that would have been stopped. Its size is bounded, however many rows it takes in.
public struct ReplayReport: Sendable {
    /// The names of what was compared, for headings.
    public struct Title: Sendable {
        /// What was replayed.
        public var paths: [String]
        /// The rules.
        public var rules: String
        /// The rules compared against.
        public var against: String?

        /// Creates a title.
        public init(paths: [String], rules: String, against: String? = nil) {
            self.paths = paths
            self.rules = rules
            self.against = against
        }
    }

    /// What one detector did.
    struct Detector: Sendable {
        /// Verdicts that went furthest in their recording, by how far.
        var verdicts: [Mode: Int] = [:]
        /// Recordings that it would have stopped by itself.
        var alone = 0
        /// Stopped recordings that no other detector would have stopped.
        var only = 0
        /// The bytes that its stops saved.
        var savedBytes = 0
        /// The tokens that its stops saved.
        var savedTokens = 0
        /// Where its stops were, in bytes of the channel.
        var places = Histogram()
    }

    /// The most rows that are kept to be shown.
    public var mostRows = 500
    /// The counts under the rules.
    public private(set) var summary = ReplaySummary()
    /// The counts under the rules compared against.
    public private(set) var before: ReplaySummary?
    /// How many recordings changed, by how.
    public private(set) var changes: [Change: Int] = [:]

    private(set) var detectors: [DetectorID: Detector] = [:]
    /// The sizes of the recordings that were stopped, and of the others.
    private(set) var stoppedSizes = Histogram()
    private(set) var otherSizes = Histogram()
    /// What stops saved.
    private(set) var savings = Histogram()
    /// Where stops were.
    private(set) var places = Histogram()
    /// Stopped, or changed when rules are compared; the first ``mostRows``.
    private(set) var rows: [ReplayRow] = []
    private(set) var errors: [ReplayResult] = []

    /// A report of nothing.
    public init() {}

    /// Takes a row in.
    public mutating func add(_ row: ReplayRow) {
        let result = row.result
        summary.add(result)
        if let old = row.before {
            before = before ?? ReplaySummary()
            before?.add(old)
        }
        if let change = row.change { changes[change, default: 0] += 1 }
        if result.error != nil, errors.count < mostRows { errors.append(result) }
        guard result.error == nil else { return }
        if let verdict = result.verdict { add(result, verdict) }
        let isStopped = result.verdict?.mode == .stop
        if isStopped { stoppedSizes.add(result.bodyBytes) } else { otherSizes.add(result.bodyBytes) }
        let isShown = isStopped || (row.change ?? .same) != .same
        if isShown, rows.count < mostRows { rows.append(row) }
    }

    private mutating func add(_ result: ReplayResult, _ verdict: Verdict) {
        detectors[verdict.detector, default: Detector()].verdicts[verdict.mode, default: 0] += 1
        guard verdict.mode == .stop else { return }
        savings.add(result.savedBytes)
        if verdict.channel != nil { places.add(verdict.byte) }
        detectors[verdict.detector]?.savedBytes += result.savedBytes
        detectors[verdict.detector]?.savedTokens += result.savedTokens
        if verdict.channel != nil { detectors[verdict.detector]?.places.add(verdict.byte) }
        for stop in result.alone {
            guard let id = DetectorID(name: stop.detector) else { continue }
            detectors[id, default: Detector()].alone += 1
            if result.alone.count == 1 { detectors[id]?.only += 1 }
        }
    }

    /// What has changed, as a sentence; `nil` without a comparison.
    public var changeSentence: String? {
        guard let before else { return nil }
        let counts = Change.allCases.map { "\(changes[$0, default: 0]) \($0 == .same ? "the same" : $0.words)" }
        return counts.joined(separator: ", ")
            + "; stopped \(before.stopped) → \(summary.stopped), bytes saved \(before.savedBytes) → \(summary.savedBytes)"
    }
}

public import LoopDetection

/// How a guard did on labelled recordings.
public struct Tally: Sendable, Equatable {
    /// Recordings marked healthy.
    public private(set) var healthy = 0
    /// Recordings marked as loops.
    public private(set) var loops = 0
    private var falseStopCount = 0
    private var earlyStopCount = 0
    private var missCount = 0
    private var deliveries: [Int] = []

    /// What became of one recording.
    public enum Outcome: Sendable, Equatable {
        /// Healthy, and not stopped.
        case passed
        /// Healthy, and stopped.
        case falseStop
        /// A loop that was stopped before it began, or in another place than it was marked in.
        case earlyStop
        /// A loop that was stopped after these many bytes of it; `nil` for loops of calls.
        case stopped(Int?)
        /// A loop that ran on to the end.
        case missed
    }

    /// A tally of nothing.
    public init() {}

    /// Healthy recordings that were stopped, of all healthy ones.
    public var falseStops: Share { Share(falseStopCount, of: healthy) }
    /// Loops that were stopped while they were healthy, of all loops: false stops as well.
    public var earlyStops: Share { Share(earlyStopCount, of: loops) }
    /// Loops that ran on to the end, of all loops.
    public var misses: Share { Share(missCount, of: loops) }
    /// For each loop in text that was stopped, the bytes of it that were delivered before; rising.
    public var delivered: [Int] { deliveries.sorted() }

    /// The quantile of the bytes of loop delivered, 0.5 for the median; `nil` when no loop in text was stopped.
    public func delivered(_ share: Double) -> Int? {
        let sorted = delivered
        return sorted.isEmpty ? nil : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }

    /// How many recordings there were.
    public var count: Int { healthy + loops }

    /// The mean of the bytes of loop delivered, over loops in text that were stopped.
    public var meanDelivered: Int { deliveries.isEmpty ? 0 : deliveries.reduce(0, +) / deliveries.count }

    /// Adds another tally, of other recordings.
    mutating func add(_ other: Tally) {
        healthy += other.healthy
        loops += other.loops
        falseStopCount += other.falseStopCount
        earlyStopCount += other.earlyStopCount
        missCount += other.missCount
        deliveries += other.deliveries
    }

    /// Compares a verdict with a label.
    public static func outcome(_ label: Label, _ verdict: Verdict?) -> Outcome {
        guard let verdict, verdict.mode == .stop else { return label.kind == .loop ? .missed : .passed }
        guard label.kind == .loop else { return .falseStop }
        let isInPlace =
            switch label.channel {
            case nil: true
            case .content: verdict.channel == .content
            case .reasoning: verdict.channel == .reasoning
            case .arguments: verdict.channel == .arguments
            case .calls: verdict.channel == nil
            }
        guard isInPlace, verdict.byte > label.began else { return .earlyStop }
        return .stopped(verdict.channel == nil ? nil : verdict.byte - label.began)
    }

    /// Takes in what became of a recording with that label.
    @discardableResult
    public mutating func add(_ label: Label, _ verdict: Verdict?) -> Outcome {
        let outcome = Self.outcome(label, verdict)
        if label.kind == .healthy { healthy += 1 } else { loops += 1 }
        switch outcome {
        case .passed: break
        case .falseStop: falseStopCount += 1
        case .earlyStop: earlyStopCount += 1
        case .stopped(let bytes): if let bytes { deliveries.append(bytes) }
        case .missed: missCount += 1
        }
        return outcome
    }
}

import Foundation
public import LoopDetection

/// How the rules did on labelled recordings: in all, detector by detector, and class by class.
public struct Score: Sendable, Equatable {
    /// What one detector does.
    public struct Detector: Sendable, Equatable {
        /// Which one.
        public var id: DetectorID
        /// How many recordings it was the one to stop.
        public var first = 0
        /// What it does with every other detector off.
        public var alone = Tally()
    }

    /// All detectors together, as the rules say.
    public private(set) var total = Tally()
    /// Each detector that may stop anything under the rules.
    public private(set) var detectors: [Detector] = []
    /// All detectors together by the class that the labels name.
    public private(set) var classes: [String: Tally] = [:]
    /// The recordings that were not treated as they should be, with the detector that stopped them.
    public private(set) var failures: [Failure] = []
    /// Recordings that bear no label.
    public private(set) var unlabelled = 0
    /// Recordings that could not be replayed.
    public private(set) var errors: [String] = []

    /// A recording that was not treated as it should be.
    public struct Failure: Sendable, Equatable {
        /// The recording.
        public var file: String
        /// What happened.
        public var outcome: Tally.Outcome
        /// The verdict that went furthest.
        public var verdict: Verdict?
    }

    /// A score of nothing.
    public init() {}

    /// Counts a recording without a label.
    mutating func addUnlabelled() { unlabelled += 1 }

    /// Takes in one recording: what all detectors said together, and each alone.
    mutating func add(_ label: Label, _ result: ReplayResult, alone: [(DetectorID, Verdict?)]) {
        if let error = result.error {
            errors.append("\(result.file): \(error)")
            return
        }
        let outcome = total.add(label, result.verdict)
        if let group = label.group { classes[group, default: Tally()].add(label, result.verdict) }
        for (id, verdict) in alone {
            let place = detectors.firstIndex { $0.id == id } ?? detectors.endIndex
            if place == detectors.endIndex { detectors.append(Detector(id: id)) }
            detectors[place].alone.add(label, verdict)
            if result.verdict?.mode == .stop, result.verdict?.detector == id { detectors[place].first += 1 }
        }
        switch outcome {
        case .passed, .stopped: break
        case .falseStop, .earlyStop, .missed:
            failures.append(Failure(file: result.file, outcome: outcome, verdict: result.verdict))
        }
    }
}

extension Tally.Outcome {
    /// The word used in tables and JSON.
    public var name: String {
        switch self {
        case .passed: "passed"
        case .falseStop: "false stop"
        case .earlyStop: "early stop"
        case .stopped: "stopped"
        case .missed: "missed"
        }
    }
}

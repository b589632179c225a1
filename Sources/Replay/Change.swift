import LoopDetection

/// What other rules change for one recording.
public enum Change: String, Sendable, CaseIterable, Codable {
    /// Stopped now, and not before.
    case newlyStopped = "newly_stopped"
    /// Stopped before, and not now.
    case noLongerStopped = "no_longer_stopped"
    /// Stopped by both, now at an earlier event.
    case earlier
    /// Stopped by both, now at a later event.
    case later
    /// Stopped by both or by neither, with another verdict: another detector, or a warning where there was none.
    case otherwise
    /// Nothing changes.
    case same

    /// Compares what rules did before with what they do now.
    public init(from before: ReplayResult, to now: ReplayResult) {
        switch (before.verdict?.mode == .stop, now.verdict?.mode == .stop) {
        case (false, true): self = .newlyStopped
        case (true, false): self = .noLongerStopped
        case (true, true) where now.event != before.event: self = now.event < before.event ? .earlier : .later
        default:
            let isSame = now.verdict?.mode == before.verdict?.mode && now.verdict?.detector == before.verdict?.detector
            self = isSame ? .same : .otherwise
        }
    }

    /// The words for it.
    public var words: String { rawValue.replacing("_", with: " ") }
}

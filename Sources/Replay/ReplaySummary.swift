public import LoopDetection

/// What many replays came to.
public struct ReplaySummary: Sendable, Equatable {
    /// How many recordings were replayed.
    public private(set) var recordings = 0
    /// How many would have been stopped, warned about, observed, passed.
    public private(set) var verdicts: [Mode: Int] = [:]
    /// How many gave out other bytes than came in.
    public private(set) var changed = 0
    /// How many could not be replayed.
    public private(set) var errors = 0
    /// The bytes that clients would have been spared.
    public private(set) var savedBytes = 0

    /// A summary of nothing.
    public init() {}

    /// The furthest that any verdict went; `off` when there was none.
    public var furthest: Mode { verdicts.keys.max() ?? .off }

    /// Takes a result in.
    public mutating func add(_ result: ReplayResult) {
        recordings += 1
        if result.error != nil {
            errors += 1
            return
        }
        verdicts[result.verdict?.mode ?? .off, default: 0] += 1
        if !result.isUnchanged { changed += 1 }
        savedBytes += result.savedBytes
    }

    /// The counts as a JSON object.
    public var json: String {
        """
        {"recordings":\(recordings),"stop":\(verdicts[.stop, default: 0]),"warn":\(verdicts[.warn, default: 0]),\
        "observe":\(verdicts[.observe, default: 0]),"pass":\(verdicts[.off, default: 0]),"changed":\(changed),\
        "errors":\(errors),"saved_bytes":\(savedBytes)}
        """
    }

    /// The counts as a sentence.
    public var sentence: String {
        """
        \(recordings) recordings: \(verdicts[.stop, default: 0]) stopped, \(verdicts[.warn, default: 0]) warned, \
        \(verdicts[.observe, default: 0]) observed, \(verdicts[.off, default: 0]) passed, \(changed) changed, \
        \(errors) errors; \(savedBytes) bytes saved
        """
    }
}

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
    /// The bytes of all recordings.
    public private(set) var bytes = 0
    /// The bytes that clients would have been spared.
    public private(set) var savedBytes = 0
    /// The deltas that the guard looked at, about as many tokens.
    public private(set) var tokens = 0
    /// The deltas that came after stops: about the tokens that engines would have been spared.
    public private(set) var savedTokens = 0
    /// The seconds that responses went on after stops; `nil` when no recording says when its bytes came.
    public private(set) var savedSeconds: Double?

    /// A summary of nothing.
    public init() {}

    /// The furthest that any verdict went; `off` when there was none.
    public var furthest: Mode { verdicts.keys.max() ?? .off }

    /// How many would have been stopped.
    public var stopped: Int { verdicts[.stop, default: 0] }

    /// Takes a result in.
    public mutating func add(_ result: ReplayResult) {
        recordings += 1
        if result.error != nil {
            errors += 1
            return
        }
        verdicts[result.verdict?.mode ?? .off, default: 0] += 1
        if !result.isUnchanged { changed += 1 }
        bytes += result.bodyBytes
        savedBytes += result.savedBytes
        tokens += result.tokens
        savedTokens += result.savedTokens
        if let seconds = result.savedSeconds { savedSeconds = (savedSeconds ?? 0) + seconds }
    }

    /// The counts as a sentence.
    public var sentence: String {
        """
        \(recordings) recordings: \(verdicts[.stop, default: 0]) stopped, \(verdicts[.warn, default: 0]) warned, \
        \(verdicts[.observe, default: 0]) observed, \(verdicts[.off, default: 0]) passed, \(changed) changed, \
        \(errors) errors; \(savedBytes) bytes saved
        """ + (savedTokens > 0 ? ", about \(savedTokens) tokens" : "")
            + (savedSeconds.map { ", \(($0 * 10).rounded() / 10) seconds" } ?? "")
    }
}

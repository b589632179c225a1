public import LoopDetection

/// What the guard would have done to one recording.
public struct ReplayResult: Sendable, Equatable {
    /// The recording.
    public var file: String
    /// The id that came with it in JSON Lines, as JSON.
    public var id: String?
    /// The format it is written in.
    public var format: String
    /// The verdict that went furthest, the first of its kind; `nil` when nothing was found.
    public var verdict: Verdict?
    /// The number of the event, from 1, at which that verdict stood; 0 when the request alone showed it.
    public var event = 0
    /// The bytes of the recording.
    public var bodyBytes = 0
    /// The bytes the client would have received.
    public var outputBytes = 0
    /// The bytes of the recording that the client would have been spared.
    public var savedBytes = 0
    /// The deltas that the guard looked at, of text, reasoning and calls: about as many tokens.
    public var tokens = 0
    /// The deltas that the engine sent after the stop: about the tokens that it would have been spared.
    public var savedTokens = 0
    /// How long the response took, in seconds; `nil` when the recording does not say.
    public var seconds: Double?
    /// How long it went on after the stop, in seconds; `nil` when the recording does not say.
    public var savedSeconds: Double?
    /// Whether the output equals the input byte for byte.
    public var isUnchanged = true
    /// Events that passed unread because they were too long or not understood.
    public var unreadEvents = 0
    /// What kept the recording from being replayed.
    public var error: String?

    /// The text around the stop, when it was asked for.
    public var excerpt: Excerpt?
    /// What each detector would have stopped by itself, when it was asked for.
    public var alone: [DetectorStop] = []

    /// Where one detector would have stopped a recording with every other one off.
    public struct DetectorStop: Sendable, Equatable, Codable {
        /// The name of the detector.
        public var detector: String
        /// The event, from 1; 0 when the request alone showed it.
        public var event: Int
        /// What ``Verdict/byte`` counts.
        public var byte: Int
    }

    /// Creates a result of which nothing is known yet.
    public init(file: String, format: String, error: String? = nil) {
        self.file = file
        self.format = format
        self.error = error
    }

    /// What the guard would have done: `pass`, or the mode of the verdict that went furthest.
    public var verdictName: String {
        switch verdict?.mode {
        case nil, .off: "pass"
        case .observe: "observe"
        case .warn: "warn"
        case .stop: "stop"
        }
    }

    /// Takes a verdict in when it goes further than what is known.
    mutating func add(_ verdict: Verdict, event: Int) {
        guard verdict.mode > self.verdict?.mode ?? .off else { return }
        self.verdict = verdict
        self.event = event
    }
}

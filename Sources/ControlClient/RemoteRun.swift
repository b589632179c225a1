/// A run as the gateway tells of it. All but id and state may be missing: gateways of other versions know more or less.
public struct RemoteRun: Decodable, Sendable {
    public var id: String
    public var generation: Int?
    /// `queued`, `sent`, `streaming`, `stopping`; `completed`, `stopped`, `capped`, `disconnected`, `failed`.
    public var state: String
    public var kind: String?
    public var model: String?
    public var path: String?
    public var client: String?
    public var session: String?
    public var tree: String?
    public var parent: String?
    public var root: String?
    /// Unix seconds.
    public var started: Double?
    public var durationMs: Double?
    public var ttftMs: Double?
    public var bytes: Int?
    public var events: Int?
    public var tokens: Int?
    public var maxTokens: Int?
    public var reason: String?
    public var cancel: Cancel?
    public var engine: Engine?
    public var detector: String?
    public var mode: String?
    public var evidence: [String: JSONFact]?
    public var warnings: [Warning]?
    public var descendants: Int?
    public var liveDescendants: Int?
    public var children: [String]?

    /// Who asked for its end.
    public struct Cancel: Decodable, Sendable {
        public var source: String?
        /// Unix seconds.
        public var at: Double?
        public var duplicates: Int?
    }

    /// What is known of the engine's work on it.
    public struct Engine: Decodable, Sendable, Equatable {
        public var name: String?
        public var upstreamId: String?
        /// Whether the engine has stopped; `nil` as long as nobody knows.
        public var confirmed: Bool?
        public var via: String?
        public var afterMs: Double?
        public var outcome: String?
        public var tokens: Int?
    }

    /// What a detector said without ending the run.
    public struct Warning: Decodable, Sendable {
        public var detector: String?
        public var mode: String?
        public var evidence: [String: JSONFact]?
    }

    /// The states in which a run is not over.
    public static let liveStates: Set<String> = ["queued", "sent", "streaming", "stopping"]

    /// Whether the run is not over.
    public var isLive: Bool { Self.liveStates.contains(state) }
}

/// A page of runs, newest first.
public struct RunPage: Decodable, Sendable {
    public var data: [RemoteRun]
    public var hasMore: Bool?
    /// How many runs are live in all.
    public var live: Int?
    /// The gateway's time in Unix seconds.
    public var now: Double?
}

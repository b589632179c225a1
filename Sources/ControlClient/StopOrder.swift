/// How runs are to be stopped.
public struct StopOrder: Sendable, Equatable, Encodable {
    /// When.
    public enum Mode: String, Sendable, Encodable, CaseIterable {
        /// Now, in the middle of its answer.
        case immediate
        /// Nothing is cut; the next call of the run's tree is refused.
        case boundary
    }

    /// How far.
    public enum Scope: String, Sendable, Encodable, CaseIterable {
        /// The run and all below it.
        case tree
        /// The run alone.
        case run
    }

    public var mode = Mode.immediate
    public var scope = Scope.tree
    /// Who asks; it stands in the log and in the run.
    public var source = "cli"
    /// Only when the run is still of this generation.
    public var ifGeneration: Int?

    /// Now, the whole tree, by the command line.
    public init() {}
}

/// Which runs are to be stopped.
public enum StopTarget: Sendable, Equatable {
    case run(String)
    case session(String)
    case all
}

/// What the gateway says about a stop.
public struct StopAnswer: Decodable, Sendable, Equatable {
    public var runId: String
    public var cancelled: Bool
    public var state: String?
    /// Why it was not stopped: `already_finished`, `already_stopped`, `already_stopping`, `stale_owner`, `unknown`.
    public var reason: String?
    public var duplicate: Bool?
    public var generation: Int?
    public var descendants: Int?
    public var cancelledRuns: [String]?
    public var mode: String?

    /// Whether nothing is left to be done: the run is being stopped, or was over before.
    public var isSettled: Bool {
        cancelled || ["already_finished", "already_stopped", "already_stopping"].contains(reason)
    }
}

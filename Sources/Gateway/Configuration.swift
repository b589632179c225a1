public import Cancellation
public import Guard
public import Logging

/// What a gateway needs to know before it starts.
public struct GatewayConfiguration: Sendable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose.
    public var port = 4141
    /// The engine.
    public var upstream: UpstreamURL
    /// How many event loops serve connections. One is enough for thousands of streams.
    public var eventLoops = 1
    /// Decides, from the facts of a request, how its response is guarded.
    public var settings: @Sendable (RequestFacts) -> GuardSettings = { _ in GuardSettings() }
    /// Where one line per finished run goes.
    public var logger = Logger(label: "loopguard.gateway")
    /// Sets the cancel flag of an engine in this very process. Called on an event loop; must not block.
    public var cancelEngine: (@Sendable (_ runID: String, _ reason: EndReason) -> Void)?
    /// Renders the body of `GET /metrics`; without it that path goes to the engine.
    public var metricsText: (@Sendable () -> String)?
    /// How long connecting to the engine may take.
    public var connectTimeout = Duration.seconds(5)
    /// How long the engine may take to begin its answer; `nil` for as long as it likes, since a prefill may be long.
    public var firstByteTimeout: Duration?
    /// How long the engine may be silent in the middle of an answer; `nil` for as long as it likes.
    public var idleTimeout: Duration?
    /// The longest request body, in bytes, that is collected in order to be guarded. A longer one streams through
    /// unguarded and is counted.
    public var maxGuardedBodyBytes = 64 * 1_048_576
    /// How many idle connections to the engine each event loop keeps.
    public var maxIdleConnections = 64
    /// How long an idle connection to the engine is kept.
    public var idleConnectionTimeout = Duration.seconds(60)

    /// A configuration with the shipped defaults.
    public init(upstream: UpstreamURL) { self.upstream = upstream }
}

/// What is known about a request when the rules are asked about it.
public struct RequestFacts: Sendable, Equatable {
    /// The path, without its query.
    public var path: String
    /// The model asked for; empty when the request names none.
    public var model: String
    /// The `User-Agent` header.
    public var userAgent: String?
    /// The `Authorization` header, whole.
    public var authorization: String?
    /// The `X-Loopguard-Mode` header.
    public var mode: String?
    /// The `X-Loopguard-Disable` header.
    public var disable: String?

    /// Facts put together by hand.
    public init(
        path: String,
        model: String,
        userAgent: String? = nil,
        authorization: String? = nil,
        mode: String? = nil,
        disable: String? = nil
    ) {
        self.path = path
        self.model = model
        self.userAgent = userAgent
        self.authorization = authorization
        self.mode = mode
        self.disable = disable
    }
}

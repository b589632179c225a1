public import CancelBoard
public import GenerationWire
public import Logging
public import Rules

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
    /// What the rules say about a request.
    public var rules: @Sendable (RequestFacts) -> Resolution = { RuleSet.default.resolve($0) }
    /// What other rules would say, which look on and end nothing; `nil` for none.
    public var shadowRules: (@Sendable (RequestFacts) -> Resolution)?
    /// Where one line per finished run goes.
    public var logger = Logger(label: "loopguard.gateway")
    /// The cancel board on which every generation gets a flag; `nil` for none.
    public var board: BoardOwner?
    /// The header in which the engine learns the place of a run's flag.
    public var boardHeader = "X-Loopguard-Cancel"
    /// A field of the body in which the engine learns the same; `nil` for none.
    public var boardField: BodyField?
    /// Renders the body of `GET /metrics`; without it that path goes to the engine.
    public var metricsText: (@Sendable () -> String)?
    /// How long connecting to the engine may take.
    public var connectTimeout = Duration.seconds(5)
    /// How long the engine may take to begin its answer; `nil` for as long as it likes, since a prefill may be long.
    public var firstByteTimeout: Duration?
    /// How long the engine may be silent in the middle of an answer; `nil` for as long as it likes.
    public var idleTimeout: Duration?
    /// After how long a silence a client gets a sign of life, where its rules want any (`keep_alive`).
    public var keepAliveInterval = Duration.seconds(15)
    /// The longest request body, in bytes, that is collected in order to be guarded. A longer one streams through
    /// unguarded and is counted.
    public var maxGuardedBodyBytes = 64 * 1_048_576
    /// The most memory, in bytes, that an answer may take that is put together for a client that wants no stream. A longer
    /// one is given up with status 502.
    public var maxGatheredBytes = 64 * 1_048_576
    /// How many idle connections to the engine each event loop keeps.
    public var maxIdleConnections = 64
    /// How long an idle connection to the engine is kept.
    public var idleConnectionTimeout = Duration.seconds(60)

    /// A configuration with the shipped defaults.
    public init(upstream: UpstreamURL) { self.upstream = upstream }
}

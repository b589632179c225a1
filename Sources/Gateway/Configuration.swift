public import CancelBoard
internal import Engines
public import GenerationWire
public import Logging
public import Recordings
public import Rules
public import RunIdentity
public import Runs

/// What a gateway needs to know before it starts.
public struct GatewayConfiguration: Sendable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose.
    public var port = 4141
    /// The engine.
    public var upstream: UpstreamURL
    /// Which engine that is.
    public var engine = EngineChoice.named(.generic)
    /// The times of what is done about an engine that is to stop.
    public var cancelTimes = CancelTimes()
    /// How many runs may be at the engine at a time; `nil` for as many as come.
    public var maxConcurrent: Int?
    /// How many runs may wait for a place at the engine; a further one is answered with status 429.
    public var maxQueued = 64
    /// How many event loops serve connections. One is enough for thousands of streams.
    public var eventLoops = 1
    /// What the rules say about a request.
    public var rules: @Sendable (RequestFacts) -> Resolution = { RuleSet.default.resolve($0) }
    /// What other rules would say, which look on and end nothing; `nil` for none.
    public var shadowRules: (@Sendable (RequestFacts) -> Resolution)?
    /// Where one line per finished run goes.
    public var logger = Logger(label: "loopguard.gateway")
    /// How clients that are not known here tell which tree of runs they belong to.
    public var treeMappings: [TreeMapping] = []
    /// The key that shows and stops everybody's runs; `nil` for none, which is only right on a loopback address.
    public var controlKey: String?
    /// The origins, such as `https://desk.example`, whose pages may stop runs besides our own.
    public var allowedOrigins: [String] = []
    /// The names besides those of a loopback address by which this machine may be called.
    public var allowedHosts: [String] = []
    /// The version that is told to those who ask for statistics.
    public var version = ""
    /// The cancel board on which every generation gets a flag; `nil` for none.
    public var board: BoardOwner?
    /// The header in which the engine learns the place of a run's flag.
    public var boardHeader = "X-Loopguard-Cancel"
    /// A field of the body in which the engine learns the same; `nil` for none.
    public var boardField: BodyField?
    /// Records generations; `nil` for none.
    public var recorder: RunRecorder?
    /// Keeps what a person says about the recording of a run, by the run's id; `nil` where nothing is recorded. Called on a
    /// thread that may wait, for one run after the other.
    public var mark: (@Sendable (_ run: String, _ label: RunLabel) throws -> Void)?
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

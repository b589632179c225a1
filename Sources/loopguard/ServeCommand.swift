import ArgumentParser
import CancelBoard
import EmbeddedEngine
import Exposition
import Gateway
import GenerationWire
import Guard
import Logging
import Metrics
import NIOCore
import Recordings
import Rules
import ServiceLifecycle
import UnixSignals

/// `loopguard serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Guard an engine: the proxy that agents talk to.",
        discussion: """
            Everything the engine's API has passes through. Streams of /v1/chat/completions and /v1/completions are \
            read on the way; a looping one is ended and the engine is told to stop. Without --upstream the engine that \
            comes with loopguard is started and guarded.

            loopguard's own paths: /dashboard/, /v1/runs, /v1/cancel/ID, /v1/requests, /metrics, /healthz, /readyz.
            """
    )

    @Option(help: ArgumentHelp("The engine, such as http://127.0.0.1:8080.", valueName: "url"))
    var upstream: String?

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 lets the system choose.")
    var port = 4141

    @OptionGroup var rules: RulesOption

    @Option(
        help: ArgumentHelp(
            "Rules that look on: what they would have stopped goes into metrics and log, and ends nothing.",
            valueName: "file"
        )
    )
    var shadowRules: String?

    @Option(
        help: ArgumentHelp(
            "A YAML file with options, such as 'port: 4141'; those on the command line win over it.",
            valueName: "file"
        )
    )
    var config: String?

    @Option(help: "Event loops. One serves thousands of streams.")
    var eventLoops = 1

    @Option(
        help: ArgumentHelp(
            "Seconds that the engine may take to begin its answer; without it, as long as it likes.",
            valueName: "seconds"
        )
    )
    var firstByteTimeout: Double?

    @Option(
        help: ArgumentHelp(
            "Seconds that the engine may be silent in the middle of an answer; without it, as long as it likes.",
            valueName: "seconds"
        )
    )
    var idleTimeout: Double?

    @Option(
        help: """
            Seconds of silence after which a client gets a sign of life, where the rules want one (keep_alive).
            """
    )
    var keepAliveInterval = 15.0

    @Option(help: "Seconds that running streams get to finish when the process is told to stop.")
    var grace = 5.0

    @OptionGroup var access: AccessOptions
    @OptionGroup var guarded: ServeEngineOptions
    @OptionGroup var board: BoardOptions
    @OptionGroup var record: RecordOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var logging: LogOptions

    func validate() throws {
        if !(0...65_535).contains(port) { throw ValidationError("--port must be from 0 to 65535, not \(port).") }
        if eventLoops < 1 { throw ValidationError("--event-loops must be at least 1, not \(eventLoops).") }
        for (name, limit) in [("--first-byte-timeout", firstByteTimeout), ("--idle-timeout", idleTimeout)] {
            guard let limit, !(limit > 0 && limit <= 86_400) else { continue }
            throw ValidationError("\(name) must be more than 0 and at most 86400 seconds, not \(limit).")
        }
        if board.isNamed, upstream == nil {
            throw ValidationError("the embedded engine has a cancel board of its own; name another with --upstream.")
        }
        if !(keepAliveInterval >= 0.1 && keepAliveInterval <= 3_600) {
            throw ValidationError("--keep-alive-interval must be from 0.1 to 3600 seconds, not \(keepAliveInterval).")
        }
        if !(grace >= 0 && grace <= 3_600) { throw ValidationError("--grace must be from 0 to 3600, not \(grace).") }
    }

    func run() async throws {
        let rules = try rules.load()
        let controlKey = try access.controlKey()
        try access.check(host: host, key: controlKey)
        let shadow = try shadowRules.map { try RulesOption(file: $0).load() }
        let (logger, log) = logging.bootstrap()
        defer { log.drain() }
        let metrics = PrometheusMetrics(
            GatewayServer.metricDescriptions + EmbeddedEngine.metricDescriptions + RunRecorder.metricDescriptions
        )
        MetricsSystem.bootstrap(metrics)

        let embedded = try await upstream == nil ? startEngine(logger) : nil
        let shared = try board.open(logger)
        let upstream: UpstreamURL
        do throws(UpstreamURL.Invalid) {
            upstream = try UpstreamURL(self.upstream ?? "http://127.0.0.1:\(embedded?.port ?? 0)")
        } catch {
            throw ValidationError(error.description)
        }

        var configuration = GatewayConfiguration(upstream: upstream)
        configuration.host = host
        configuration.port = port
        configuration.eventLoops = eventLoops
        configuration.firstByteTimeout = firstByteTimeout.map { .seconds($0) }
        configuration.idleTimeout = idleTimeout.map { .seconds($0) }
        configuration.keepAliveInterval = .seconds(keepAliveInterval)
        configuration.logger = logger
        configuration.metricsText = { metrics.render() }
        configuration.rules = { rules.resolve($0) }
        configuration.treeMappings = rules.treeMappings
        configuration.controlKey = controlKey
        configuration.allowedOrigins = access.allowedOrigin
        configuration.allowedHosts = access.allowedHost
        configuration.version = Loopguard.configuration.version
        if let shadow { configuration.shadowRules = { shadow.resolve($0) } }
        configuration.board = embedded?.board ?? shared?.board
        guarded.configure(&configuration, isEmbedded: embedded != nil)
        configuration.recorder = try record.start(logger)
        configuration.mark = record.mark
        configuration.boardHeader = board.boardHeader
        configuration.boardField = board.boardField.flatMap { BodyField(parsing: $0) }
        let gateway = GatewayService(server: GatewayServer(configuration: configuration), grace: .seconds(grace)) {
            "loopguard listens on http://\($0) and guards \(upstream)"
        }
        var services: [any Service] = [gateway]
        // In the order of their start; they stop the other way round.
        if let engine = embedded?.engine { services.insert(EngineService(engine: engine), at: 0) }
        if let door = shared?.door { services.insert(door, at: 0) }
        if let recorder = configuration.recorder { services.insert(RecorderService(recorder: recorder), at: 0) }
        try await ServiceGroup(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger).run()
    }

    /// Starts the engine that comes with loopguard on a port of its own. Its cancel board is private memory.
    private func startEngine(_ logger: Logger) async throws -> (engine: EmbeddedEngine, port: Int, board: BoardOwner) {
        var configuration = try engine.configuration(logger)
        configuration.port = 0
        let (board, reader) = try BoardOwner.inProcess(slots: board.boardSlots)
        configuration.cancelSource = BoardCancelSource(reader)
        let engine = EmbeddedEngine(configuration: configuration)
        let address = try await engine.start()
        return (engine, address.port ?? 0, board)
    }
}

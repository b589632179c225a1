internal import CancelBoard
internal import Cancellation
internal import CoreMetrics
internal import Engines
internal import GenerationWire
internal import Guard
internal import Logging
internal import LoopDetection
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
internal import Rules
internal import RunIdentity
internal import Runs
internal import Synchronization

/// One request on its way to the engine and its answer on the way back, on one event loop.
///
/// The client's and the engine's connection call in; ``ExchangeState`` decides; this type carries it out. A run is ended
/// in one place, ``carryOutEnd(_:decided:)``, by whoever won the swap of the run's state.
final class Exchange {
    /// What the client asked for.
    struct Request {
        enum Body {
            /// All of it is here, so that it can be sent twice.
            case whole(ByteBuffer)
            /// It passes through as it comes.
            case streaming
        }

        var head: HTTPRequestHead
        var body: Body
        /// What is asked for; everything but generations and images is proxied and no run.
        var kind = RunKind.other
        /// The facts of a generation that is to be guarded.
        var generation: GenerationRequest?

        var format: WireFormat? { kind.format }
    }

    let request: Request
    let gateway: GatewayContext
    var client: ClientHandler?
    let pool: UpstreamPool
    let loop: any EventLoop
    private(set) var run: Run!
    private var driver: ExchangeDriver!

    var state = ExchangeState()
    var guarding: GuardedStream?
    var settings: GuardSettings?
    /// Rules that look on, when there are any.
    var shadow: Shadow?
    /// The run's slot on the cancel board.
    var flag: BoardHandle?
    /// Whether it was raised for an engine that reads it.
    var isFlagged = false
    /// What is known of the engine, and by what name it knows the run.
    var engine = EngineAdapter.generic
    var engineID: EngineRunID?
    /// The run's place at the engine, or in the queue for one.
    var place: Gate.Place?
    var ticket: Gate.Ticket?
    var stage = EngineWork.Stage.none
    /// How the engine is asked, and the body that asks for a stream where the client wants none.
    var asking = Asking.plainly
    var streamedBody: ByteBuffer?
    /// The answer that is being put together, for a client that wants it in one piece; and for every Responses run,
    /// what is to be remembered of it.
    var gathered: StreamAggregator?
    /// What went before in a conversation that the engine remembers.
    var recalled: [Conversation.Step] = []
    var upstream: UpstreamConnection?
    /// What the client sent before there was a connection to pass it on.
    var waiting: [HTTPClientRequestPart] = []
    var requestIsWhole = false

    /// What the engine sent since the last flush, and the chunk around it when it is exactly one.
    var received: (bytes: ByteBuffer, frame: ByteBuffer?)?
    var responseHead: HTTPResponseHead?
    var responseEnd: (trailers: HTTPHeaders?, Void)?
    var lastRead: NIODeadline
    /// When the client was last sent something of the stream.
    var lastWritten: NIODeadline
    var timer: Scheduled<Void>?
    var keepAliveTimer: Scheduled<Void>?
    var recording: ExchangeRecording?
    var isClosed = false

    init(
        _ request: Request,
        client: ClientHandler,
        pool: UpstreamPool,
        gateway: GatewayContext,
        loop: any EventLoop
    ) {
        self.request = request
        self.client = client
        self.pool = pool
        self.gateway = gateway
        self.loop = loop
        lastRead = .now()
        lastWritten = lastRead
        driver = ExchangeDriver(self, on: loop)
        let identity = readIdentity()
        run = Run(
            identity: identity,
            facts: Run.Facts(
                kind: request.kind.label,
                path: String(HopByHop.path(of: request.head.uri)),
                model: request.generation?.model ?? "",
                client: request.head.headers.first(name: "user-agent"),
                maxTokens: request.generation?.maxTokens
            ),
            started: WallClock.now,
            startedAt: lastRead.uptimeNanoseconds,
            driver: driver
        )
    }

    /// Reads whose run it is and which tree it belongs to.
    private func readIdentity() -> RunIdentity {
        guard request.kind.isRun else { return RunIdentity() }
        let headers = request.head.headers
        let mappings = gateway.configuration.treeMappings
        guard case .whole(let body) = request.body else { return RunIdentity(headers: headers, mappings: mappings) }
        return RunIdentity(
            headers: headers,
            request: request.generation,
            body: body.readableBytesUInt8Span,
            mappings: mappings
        )
    }

    /// Lets go of the run: nothing is carried out here any more.
    func detach() { driver.detach() }

    // MARK: Asking the engine

    func start() {
        gateway.metrics.inFlight.increment()
        if request.kind.isRun, !isAdmitted() { return }
        resolveSettings()
        chooseAsking()
        if settings?.history == .answer {
            makeGuard()
            // The past alone convicts: the engine is not asked.
            if let verdict = guarding?.preflight.first(where: { $0.mode == .stop }) {
                run.verdict = verdict
                return end(.guardTrip(detector: verdict.detector.rawValue))
            }
        }
        enterGate()
    }

    func askEngine() {
        claimFlag()
        // Only a request that can be sent twice may try its luck with a connection that may be dead.
        if case .whole = request.body, let connection = pool.takeIdle() {
            connected(connection)
        } else {
            pool.connect(for: self)
        }
        // The engine is at work by now: what follows costs the client no time.
        if !isClosed { makeGuard() }
    }

    /// Whether the run may begin; one that may not is answered.
    private func isAdmitted() -> Bool {
        for diagnostic in run.identity.diagnostics {
            gateway.configuration.logger.warning("\(diagnostic)", metadata: ["run_id": "\(run.id)"])
        }
        switch gateway.registry.admit(run, at: run.startedAt) {
        case .admitted: return true
        case .duplicate:
            let message = "A run of the name \(run.id) is live; the X-Run-Id of every run must be its own."
            refuse(.badRequest(message, code: "duplicate_run_id", in: request.format))
        case .refused:
            gateway.metrics.buried.increment()
            refuse(.runStopped(in: request.format))
        }
        return false
    }

    private func resolveSettings() {
        guard request.generation != nil else { return }
        let resolution = gateway.configuration.rules(ruleFacts)
        for diagnostic in resolution.diagnostics {
            gateway.configuration.logger.warning("\(diagnostic)", metadata: ["run_id": "\(run.id)"])
        }
        settings = resolution.settings
        beginRecording(resolution)
    }

    /// What the rules may know of the request.
    var ruleFacts: RequestFacts {
        let headers = request.head.headers
        return RequestFacts(
            model: run.facts.model,
            path: run.facts.path,
            userAgent: headers.first(name: "user-agent"),
            authorization: headers.first(name: "authorization"),
            headers: RequestHeaders(headers.map { ($0.name, $0.value) }),
            modeHeader: headers.first(name: "x-loopguard-mode"),
            disableHeader: headers.first(name: "x-loopguard-disable")
        )
    }

    func makeGuard() {
        guard guarding == nil, var generation = guardedRequest else { return }
        recall(into: &generation)
        let guarded = makeGuard(for: generation)
        for verdict in guarded.preflight { note(verdict) }
        guarding = guarded
        shadow = makeShadow(for: generation)
        if generation.thread != nil, gathered == nil { gathered = StreamAggregator(for: generation) }
    }

    func makeGuard(for generation: GenerationRequest) -> GuardedStream {
        var settings = settings ?? GuardSettings()
        // Nothing has reached a client that waits for the whole answer: no call needs to be let go before it is judged.
        if asking == .forStream { settings.toolCalls = .hold }
        return GuardedStream(request: generation, settings: settings, runID: run.id, created: Int(run.started))
    }

    func connected(_ connection: UpstreamConnection) {
        guard !isClosed else { return connection.abandon() }
        upstream = connection
        connection.serve(self)
        advance(to: .sent)
        var head = HopByHop.upstreamHead(
            for: request.head,
            to: gateway.configuration.upstream,
            guarded: request.generation != nil,
            runID: request.kind.isRun ? run.id : nil
        )
        prepare(&head)
        nameFlag(in: &head)
        reach(.asked)
        switch request.body {
        case .whole(let asked):
            let body = naming(in: namingFlag(in: asking == .forStream ? streamedBody ?? asked : asked))
            let length = "\(body.readableBytes)"
            // Nearly always the client has said it already.
            if head.headers.first(name: "content-length") != length {
                head.headers.remove(name: "transfer-encoding")
                head.headers.replaceOrAdd(name: "content-length", value: length)
            }
            connection.write(.head(head))
            if body.readableBytes > 0 { connection.write(.body(.byteBuffer(body))) }
            connection.write(.end(nil))
            recordSent(body)
            gateway.metrics.bytesUp.increment(by: body.readableBytes)
            requestIsWhole = true
        case .streaming:
            connection.write(.head(head))
            for part in waiting { connection.write(part) }
            waiting = []
        }
        connection.flush()
        startTimer(gateway.configuration.firstByteTimeout)
        client?.resumeReading()
    }

    func couldNotConnect(_ failure: UpstreamFailure) {
        // What comes back may be another engine.
        gateway.engine.recognise()
        fail(failure)
    }

    // MARK: From the client

    /// Whether the client is not to be read from, since the engine cannot take more.
    var holdsClient: Bool { !isClosed && !(upstream?.isWritable ?? false) }

    func clientSent(_ bytes: ByteBuffer) {
        gateway.metrics.bytesUp.increment(by: bytes.readableBytes)
        passUp(.body(.byteBuffer(bytes)))
    }

    func clientEnded(_ trailers: HTTPHeaders?) {
        requestIsWhole = true
        passUp(.end(trailers))
        upstream?.flush()
    }

    func clientReadComplete() { upstream?.flush() }

    func clientCanTakeMore() { upstream?.resumeReading() }

    private func passUp(_ part: HTTPClientRequestPart) {
        if let upstream { upstream.write(part) } else if !isClosed { waiting.append(part) }
    }
}

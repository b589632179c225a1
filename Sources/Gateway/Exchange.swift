internal import Cancellation
internal import CoreMetrics
internal import GenerationWire
internal import Guard
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
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
        /// The format of a generation; `nil` for everything else, which is proxied and no run.
        var format: WireFormat?
        /// The facts of a generation that is to be guarded.
        var generation: GenerationRequest?
    }

    let request: Request
    let gateway: GatewayContext
    private(set) var client: ClientHandler?
    private let pool: UpstreamPool
    let loop: any EventLoop
    private(set) var run: Run!

    var state = ExchangeState()
    var guarding: GuardedStream?
    private var settings: GuardSettings?
    private var upstream: UpstreamConnection?
    /// What the client sent before there was a connection to pass it on.
    private var waiting: [HTTPClientRequestPart] = []
    private var requestIsWhole = false

    var eventCounter = EventCounter()
    /// What the engine sent since the last flush.
    private var received: ByteBuffer?
    private var responseHead: HTTPResponseHead?
    private var responseEnd: (trailers: HTTPHeaders?, Void)?
    var lastRead: NIODeadline
    private var timer: Scheduled<Void>?
    private var isClosed = false

    init(_ request: Request, client: ClientHandler, pool: UpstreamPool, gateway: GatewayContext, loop: any EventLoop) {
        self.request = request
        self.client = client
        self.pool = pool
        self.gateway = gateway
        self.loop = loop
        lastRead = .now()
        let path = String(HopByHop.path(of: request.head.uri))
        let model = request.generation?.model ?? ""
        run = Run(exchange: self, on: loop, path: path, model: model, format: request.format, now: lastRead)
        if let generation = request.generation {
            let headers = request.head.headers
            let facts = RequestFacts(
                path: path,
                model: model,
                userAgent: headers.first(name: "user-agent"),
                authorization: headers.first(name: "authorization"),
                mode: headers.first(name: "x-loopguard-mode"),
                disable: headers.first(name: "x-loopguard-disable")
            )
            let settings = gateway.configuration.settings(facts)
            self.settings = settings
            guarding = GuardedStream(request: generation, settings: settings, runID: run.id)
        }
    }

    // MARK: Asking the engine

    func start() {
        gateway.metrics.inFlight.increment()
        if request.format != nil { gateway.registry.add(run) }
        // Only a request that can be sent twice may try its luck with a connection that may be dead.
        if case .whole = request.body, let connection = pool.takeIdle() {
            connected(connection)
        } else {
            pool.connect(for: self)
        }
    }

    func connected(_ connection: UpstreamConnection) {
        guard !isClosed else { return connection.abandon() }
        upstream = connection
        connection.serve(self)
        _ = run.state.advance(to: .sent)
        let head = HopByHop.upstreamHead(
            for: request.head,
            to: gateway.configuration.upstream,
            guarded: request.generation != nil
        )
        switch request.body {
        case .whole(let body):
            var head = head
            head.headers.remove(name: "transfer-encoding")
            head.headers.replaceOrAdd(name: "content-length", value: "\(body.readableBytes)")
            connection.write(.head(head))
            if body.readableBytes > 0 { connection.write(.body(.byteBuffer(body))) }
            connection.write(.end(nil))
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

    func couldNotConnect(_ failure: UpstreamFailure) { fail(failure) }

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

    // MARK: From the engine

    /// Whether the engine is not to be read from, since the client cannot take more.
    var holdsEngine: Bool { !(client?.isWritable ?? true) }

    func engineCanTakeMore() { client?.resumeReading() }

    func engineSent(_ head: HTTPResponseHead) {
        state.engineAnswers()
        guard head.status.code >= 200 || head.status == .switchingProtocols else {
            // A plain 100 was for us, if for anyone: the client has had ours.
            if head.status != .continue, request.head.version.isChunkable { client?.writeInformational(head) }
            return
        }
        responseHead = head
        run.figures.status.store(Int(head.status.code), ordering: .relaxed)
        _ = run.state.advance(to: .streaming)
        let plan = ResponsePlan(for: head, guardable: request.generation != nil)
        if case .refused(let failure) = plan { return fail(failure) }
        var reply = HopByHop.clientHead(for: head, request: request.head, reframed: plan == .guarded)
        if request.format != nil { reply.headers.replaceOrAdd(name: "x-loopguard-run-id", value: run.id) }
        if plan == .guarded {
            reply.headers.replaceOrAdd(name: "x-accel-buffering", value: "no")
        } else if ResponsePlan.isEncoded(head.headers), request.generation != nil {
            gateway.metrics.unguarded.increment()
        }
        state.begin(guarded: plan == .guarded)
        client?.write(reply)
        startTimer(gateway.configuration.idleTimeout)
    }

    func engineSent(_ bytes: ByteBuffer) {
        if received == nil { received = bytes } else { received?.writeImmutableBuffer(bytes) }
    }

    func engineEnded(_ trailers: HTTPHeaders?) { responseEnd = (trailers, ()) }

    /// Everything of one read is here: one write and one flush.
    func engineReadComplete() {
        takeReceived()
        guard !isClosed else { return }
        if responseEnd != nil { complete() } else { client?.flush() }
    }

    func engineClosed() {
        takeReceived()
        guard !isClosed else { return }
        if responseEnd != nil { return complete() }
        lose("The engine closed the connection before its answer was complete.")
    }

    func engineBroke(_ error: any Error) {
        takeReceived()
        guard !isClosed else { return }
        if error is HTTPParserError, error as? HTTPParserError != .invalidEOFState {
            return fail(UpstreamFailure(kind: .malformed, message: "The engine's answer is not valid HTTP: \(error)"))
        }
        lose("The connection to the engine broke before its answer was complete.")
    }

    private func takeReceived() {
        guard let bytes = received else { return }
        received = nil
        guard !isClosed else { return }
        deliver(bytes)
    }

    // MARK: Ends

    /// The engine's answer is whole.
    private func complete() {
        if state.answer == .guarded {
            release(guarding?.finish())
            guard !isClosed else { return }
            let cut = responseHead.map(ResponsePlan.endsWithConnection) ?? false
            if cut, settings?.enabled == true, guarding?.isComplete == false {
                return lose("The engine closed the connection before its answer was complete.")
            }
        }
        // When another thread has just decided to end the run, its effects are on their way and replace this end.
        guard run.state.advance(to: .completed) || run.state.current.phase == .completed else { return }
        guard state.complete() else { return }
        let reusable = requestIsWhole && responseHead?.isKeepAlive == true && upstream?.isActive == true
        let connection = upstream
        upstream = nil
        if reusable { connection?.giveBack() } else { connection?.abandon() }
        let client = client
        close()
        client?.finish(responseEnd?.trailers)
    }

    /// The connection to the engine is gone.
    private func lose(_ message: String) {
        let atHand = if case .whole = request.body { true } else { false }
        switch state.broken(reused: upstream?.isReused ?? false, atHand: atHand) {
        case .sendAgain:
            upstream = nil
            pool.connect(for: self)
        case let repair: fail(UpstreamFailure(kind: .reset, message: message), repair)
        }
    }

    private func fail(_ failure: UpstreamFailure) {
        fail(failure, state.broken(reused: false, atHand: false))
    }

    private func fail(_ failure: UpstreamFailure, _ repair: ExchangeState.Repair) {
        // The stream's own end may have passed already, or another end is on its way.
        guard run.state.fail() || run.state.current.phase == .completed else { return state.takeBack(repair) }
        gateway.metrics.upstreamError(failure.kind)
        let (client, request) = (client, request.head)
        leaveEngine()
        switch repair {
        case .replyError:
            run.figures.status.store(Int(failure.reply.status.code), ordering: .relaxed)
            close()
            client?.answer(identified(failure.reply), to: request)
        case .failInBand:
            write(guarding?.fail(failure.message) ?? [])
            close()
            client?.abort()
        case .abort:
            close()
            client?.abort()
        case .sendAgain, .nothing: close()
        }
    }

    /// Ends the run before its natural end, on its own loop.
    func end(_ reason: EndReason) {
        let decided = NIODeadline.now()
        // A run whose natural end has passed may still have a connection to let go.
        if run.state.stop(reason) == .won || reason == .clientDisconnect { carryOutEnd(reason, decided: decided) }
    }

    /// Carries out what the winner decided: the client's ending first, then the engine's flag and connection.
    func carryOutEnd(_ reason: EndReason, decided: NIODeadline) {
        guard !isClosed else { return }
        let client = reason == .clientDisconnect ? nil : client
        switch state.ended() {
        case .reply:
            let reply = EarlyEnding.reply(for: request, &guarding, run: run, reason: reason)
            client?.answer(identified(reply), to: request.head)
        case .endInBand:
            if let guarding = guarding?.end(reason), !guarding.isEmpty { client?.write(ByteBuffer(bytes: guarding)) }
            client?.finish()
        case .abort: client?.abort()
        case .nothing: break
        }
        if run.state.current.phase == .stopping {
            gateway.configuration.cancelEngine?(run.id, reason)
            gateway.metrics.cancel(reason)
        }
        leaveEngine()
        _ = run.state.settle()
        gateway.metrics.cancelLatency.recordNanoseconds((NIODeadline.now() - decided).nanoseconds)
        close()
    }

    private func identified(_ reply: Reply) -> Reply {
        var reply = reply
        if request.format != nil { reply.headers.append(("x-loopguard-run-id", run.id)) }
        return reply
    }

    private func leaveEngine() {
        upstream?.abandon()
        upstream = nil
    }

    /// Lets go of everything and tells about it, once.
    private func close() {
        guard !isClosed else { return }
        isClosed = true
        timer?.cancel()
        client = nil
        waiting = []
        run.detach()
        RunReport.publish(run, to: gateway, events: eventCounter.count)
    }

    // MARK: Time limits

    private func startTimer(_ limit: Duration?) {
        timer?.cancel()
        timer = nil
        guard let limit else { return }
        let time = TimeAmount(limit)
        let deadline = max(lastRead, .now()) + time
        timer = loop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in self?.checkTimer(limit) }
    }

    private func checkTimer(_ limit: Duration) {
        guard !isClosed else { return }
        if state.answer != .awaited, lastRead + TimeAmount(limit) > .now() { return startTimer(limit) }
        fail(UpstreamFailure(kind: .timeout, message: "The engine was silent for longer than \(limit)."))
    }
}

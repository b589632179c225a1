internal import Cancellation
internal import CoreMetrics
internal import GenerationWire
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
internal import RunIdentity
internal import Runs

/// One client connection: takes requests one after the other, answers our own routes, hands the rest to an exchange.
final class ClientHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = Never
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        /// Between two requests.
        case idle
        /// Waiting for the end of a request to one of our routes.
        case control(HTTPRequestHead, ControlRoute, Viewer)
        /// The answer to it is being worked out.
        case answering
        /// Somebody follows the events of runs.
        case following(RunEventStream)
        /// Gathering the body of a generation request.
        case collecting(HTTPRequestHead, RunKind)
        /// The exchange answers.
        case proxying(Exchange)
        /// Answered before the request was whole; what is left of it is dropped.
        case draining
        /// No further request will be read.
        case closing

        /// Whether an answer can still be given without getting in the way of another.
        var isUnanswered: Bool {
            switch self {
            case .idle, .control, .collecting: true
            case .answering, .following, .proxying, .draining, .closing: false
            }
        }
    }

    private let gateway: GatewayContext
    private let pool: UpstreamPool
    private let codec: ClientCodec
    private var context: ChannelHandlerContext?
    private var state = State.idle
    /// The body so far of the request that is being collected.
    private var collected = ByteBuffer()
    private var requestIsWhole = true
    private var closesAfterResponse = false
    private var readIsHeld = false

    init(gateway: GatewayContext, pool: UpstreamPool, codec: ClientCodec) {
        self.gateway = gateway
        self.pool = pool
        self.codec = codec
    }

    // MARK: What an exchange does with it

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func write(_ head: HTTPResponseHead) {
        closesAfterResponse = head.headers.first(name: "connection") == "close"
        context?.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// - Parameter frame: The bytes as a chunk, when the engine sent them as one.
    func write(_ bytes: ByteBuffer, in frame: ByteBuffer? = nil) { codec.write(body: bytes, in: frame) }

    /// A response that is followed by the real one.
    func writeInformational(_ head: HTTPResponseHead) {
        context?.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    func flush() { context?.flush() }

    /// The answer is whole.
    func finish(_ trailers: HTTPHeaders? = nil) {
        guard let context else { return }
        let closes = closesAfterResponse || gateway.isShuttingDown
        closesAfterResponse = false
        // The next pipelined request arrives from within the flush below.
        state = closes ? .closing : requestIsWhole ? .idle : .draining
        guard closes else {
            context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: nil)
            return resumeReading()
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: written)
        closeOnce(written.futureResult)
    }

    /// The answer cannot be made whole: after what is written, the connection breaks off where the client can see it.
    func abort() {
        guard let context else { return }
        state = .closing
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))), promise: written)
        closeOnce(written.futureResult)
    }

    /// An answer in one piece whose head is framed already.
    func answer(_ head: HTTPResponseHead, _ body: [UInt8]) {
        write(head)
        write(ByteBuffer(bytes: body))
        finish()
    }

    func answer(_ reply: Reply, to request: HTTPRequestHead) {
        write(reply.head(for: request))
        if request.method != .HEAD { write(ByteBuffer(bytes: reply.body)) }
        finish()
    }

    func resumeReading() {
        guard readIsHeld else { return }
        readIsHeld = false
        context?.read()
    }

    private func closeOnce(_ written: EventLoopFuture<Void>) {
        guard let context else { return }
        let channel = context.channel
        written.whenComplete { _ in channel.close(promise: nil) }
    }

    // MARK: Requests

    private func begin(_ head: HTTPRequestHead) {
        requestIsWhole = false
        if let refusal = refusal(of: head) { return refuse(refusal, to: head) }
        if head.version.isChunkable, head.headers[canonicalForm: "expect"].contains("100-continue") {
            writeInformational(HTTPResponseHead(version: .http1_1, status: .continue))
        }
        let path = HopByHop.path(of: head.uri)
        if let route = ControlRoute(head.method, path), isOurs(route) { return beginControl(route, head) }
        if head.method == .OPTIONS, ControlRoute.owns(path) { return beginControl(.wrongMethod(allowed: ""), head) }
        let kind = RunKind(head.method, path: path)
        if kind.format == nil {
            proxy(.init(head: head, body: .streaming, kind: kind))
        } else {
            state = .collecting(head, kind)
        }
    }

    /// Some of our routes are also routes of engines.
    private func isOurs(_ route: ControlRoute) -> Bool {
        switch route {
        case .metrics: gateway.configuration.metricsText != nil
        // A response in the background is the engine's own affair.
        case .stop(.response, let id):
            id.isEmpty || gateway.registry.find(id, at: NIODeadline.now().uptimeNanoseconds) != nil
        default: true
        }
    }

    private func beginControl(_ route: ControlRoute, _ head: HTTPRequestHead) {
        guard !route.isPublic else {
            state = .control(head, route, .owner(""))
            return
        }
        switch gateway.access.judge(head, for: route) {
        case .allowed(let viewer): state = .control(head, route, viewer)
        case .refused(let reply): refuse(reply, to: head)
        }
    }

    /// Answers before the request is whole, and reads no further one.
    private func refuse(_ reply: Reply, to request: HTTPRequestHead) {
        closesAfterResponse = true
        var head = reply.head(for: request)
        head.headers.replaceOrAdd(name: "connection", value: "close")
        write(head)
        closesAfterResponse = true
        if request.method != .HEAD { write(ByteBuffer(bytes: reply.body)) }
        finish()
    }

    private func refusal(of head: HTTPRequestHead) -> Reply? {
        if gateway.isShuttingDown {
            return .shuttingDown(in: RunKind(head.method, path: HopByHop.path(of: head.uri)).format)
        }
        if head.method == .CONNECT { return .unsupported("CONNECT") }
        guard HopByHop.asksForUpgrade(head) else { return nil }
        // HTTP/2 without TLS is offered by some clients as a matter of course; going on in HTTP/1.1 is a valid answer.
        let others = head.headers[canonicalForm: "upgrade"].filter { $0.lowercased() != "h2c" }
        return others.isEmpty ? nil : .unsupported("Upgrade to \(others.joined(separator: ", "))")
    }

    private func collectControl(_ bytes: ByteBuffer, of head: HTTPRequestHead) {
        collected.writeImmutableBuffer(bytes)
        guard collected.readableBytes > ControlDesk.longestBody else { return }
        collected = ByteBuffer()
        let message = "A request of this kind holds at most \(ControlDesk.longestBody) bytes."
        refuse(.error(.payloadTooLarge, message, type: "invalid_request_error", code: "too_large"), to: head)
    }

    private func collect(_ bytes: ByteBuffer, of head: HTTPRequestHead, _ kind: RunKind) {
        collected.writeImmutableBuffer(bytes)
        guard collected.readableBytes > gateway.configuration.maxGuardedBodyBytes else { return }
        gateway.metrics.unguarded.increment()
        proxy(.init(head: head, body: .streaming, kind: kind))
        if case .proxying(let exchange) = state { exchange.clientSent(takeCollected()) }
    }

    private func takeCollected() -> ByteBuffer {
        defer { collected = ByteBuffer() }
        return collected
    }

    private func proxy(_ request: Exchange.Request) {
        guard let context else { return }
        let exchange = Exchange(request, client: self, pool: pool, gateway: gateway, loop: context.eventLoop)
        state = .proxying(exchange)
        exchange.start()
    }

    private func end(_ trailers: HTTPHeaders?) {
        requestIsWhole = true
        switch state {
        case .control(let head, let route, let viewer): answerControl(route, head, as: viewer)
        case .collecting(let head, let kind):
            let body = takeCollected()
            let generation = kind.format.map { GenerationRequest(format: $0, body: body.readableBytesUInt8Span) }
            proxy(.init(head: head, body: .whole(body), kind: kind, generation: generation))
        case .proxying(let exchange): exchange.clientEnded(trailers)
        case .draining: state = .idle
        case .idle, .answering, .following, .closing: break
        }
    }

    private func answerControl(_ route: ControlRoute, _ head: HTTPRequestHead, as viewer: Viewer) {
        guard let context else { return }
        let body = takeCollected()
        state = .answering
        switch route {
        case .readiness: answerReadiness(head, context)
        case .events(let id): follow(id, head, as: viewer, context)
        default:
            let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
            let loop = context.eventLoop
            ControlDesk(gateway: gateway, viewer: viewer).answer(route, head, body: body) { reply in
                if loop.inEventLoop {
                    handler.value.answer(reply, to: head)
                } else {
                    loop.execute { handler.value.answer(reply, to: head) }
                }
            }
        }
    }

    private func answerReadiness(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        pool.probe().hop(to: context.eventLoop).assumeIsolated().whenSuccess { reachable in
            let ready = reachable && !self.gateway.isShuttingDown
            let unready = UpstreamFailure(
                kind: .unreachable,
                message: "The engine cannot be reached; is it running?"
            )
            var reply = ready ? Reply(json: Array(#"{"status":"ready"}"#.utf8)) : unready.reply(in: nil)
            if !ready { reply.status = .serviceUnavailable }
            self.answer(reply, to: head)
        }
    }

    /// Begins a stream of events that ends with the run that is followed, or with the connection.
    private func follow(_ id: String?, _ head: HTTPRequestHead, as viewer: Viewer, _ context: ChannelHandlerContext) {
        let registry = gateway.registry
        let run = id.flatMap { registry.find($0, as: viewer, at: NIODeadline.now().uptimeNanoseconds) }
        if let id, run == nil {
            return answer(.notFound("There is no run '\(id.prefix(128))', or none any more."), to: head)
        }
        let last = head.headers.first(name: "last-event-id") ?? URLText.query(of: head.uri)["last_event_id"]
        var response = HTTPResponseHead(version: head.version, status: .ok)
        response.headers.add(name: "Content-Type", value: "text/event-stream")
        response.headers.add(name: "Cache-Control", value: "no-store")
        response.headers.add(name: "X-Accel-Buffering", value: "no")
        HopByHop.frame(&response, for: head)
        write(response)
        flush()
        if head.method == .HEAD { return finish() }
        let after = last.flatMap { UInt64($0) }
        let stream = RunEventStream(of: run, after: after, in: registry, as: viewer, to: self, on: context.eventLoop)
        state = .following(stream)
        stream.start()
    }

    // MARK: ChannelDuplexHandler

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        gateway.add(context.channel)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        gateway.remove(context.channel)
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (_, .closing): break
        case (.head(let head), _): begin(head)
        case (.body(let bytes), .collecting(let head, let kind)): collect(bytes, of: head, kind)
        case (.body(let bytes), .control(let head, _, _)): collectControl(bytes, of: head)
        case (.body(let bytes), .proxying(let exchange)): exchange.clientSent(bytes)
        case (.body, _): break
        case (.end(let trailers), _): end(trailers)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .proxying(let exchange) = state { exchange.clientReadComplete() }
    }

    func read(context: ChannelHandlerContext) {
        if case .proxying(let exchange) = state, exchange.holdsClient {
            readIsHeld = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        if case .proxying(let exchange) = state { exchange.clientCanTakeMore() }
        if case .following(let stream) = state { stream.resume() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let last = state
        state = .closing
        leave(last)
    }

    /// The client is gone.
    private func leave(_ last: State) {
        if case .proxying(let exchange) = last { exchange.end(.clientDisconnect) }
        if case .following(let stream) = last { stream.stop() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch (event as? ShutdownEvent, state) {
        case (.closeWhenIdle, .idle), (.endNow, .idle), (.endNow, .control), (.endNow, .collecting),
            (.endNow, .answering), (.endNow, .draining):
            state = .closing
            context.close(promise: nil)
        case (.closeWhenIdle, .following(let stream)), (.endNow, .following(let stream)):
            stream.stop()
            finish()
        case (.endNow, .proxying(let exchange)): exchange.end(.shutdown)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let last = state
        if let malformed = error as? RequestParser.Malformed, last.isUnanswered {
            let request = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["connection": "close"])
            var reply = Reply.badRequest("The request cannot be taken as HTTP/1.1: \(malformed).")
            reply.status = malformed.status
            return answer(reply, to: request)
        }
        state = .closing
        leave(last)
        context.close(promise: nil)
    }
}

/// What a shutting gateway tells its client connections.
enum ShutdownEvent: Sendable {
    /// Close now, or after the answer that is under way.
    case closeWhenIdle
    /// End what is under way.
    case endNow
}

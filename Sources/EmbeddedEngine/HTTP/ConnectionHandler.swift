private import Logging
import NIOCore
import NIOHTTP1

/// One connection: reads a request, answers it, and reads the next one.
///
/// While an answer is being written the connection goes on reading, because that is how the end of a client is noticed
/// at once, in the queue and in a silent prefill too. A client that closes its side in any way has gone.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        /// Between requests.
        case idle
        /// A request is being read.
        case reading(HTTPRequestHead, ByteBuffer)
        /// A generation is being answered.
        case answering(Exchange, keepAlive: Bool)
        /// The last answer has been written, or the client has gone; whatever comes is dropped.
        case closing
    }

    private let engine: Engine
    private var state = State.idle
    /// Set when the engine shuts down, or when the client did not wait for an answer.
    private var closesAfterAnswer = false

    init(_ engine: Engine) { self.engine = engine }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .idle):
            state = .reading(head, ByteBuffer())
            if head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }) {
                let proceed = HTTPResponseHead(version: head.version, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(proceed)), promise: nil)
            }
        case (.body(var part), .reading(let head, var body)):
            state = .idle
            body.writeBuffer(&part)
            state = .reading(head, body)
            if body.readableBytes > engine.configuration.maxBodyBytes { refuseBody(context, head) }
        case (.end, .reading(let head, let body)):
            state = .idle
            respond(context, head, body)
        case (.head, .answering):
            // A request that did not wait for the answer before it: it is not read, and the client may send it again
            // on another connection (RFC 9112, section 9.3.2).
            closesAfterAnswer = true
        default: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        advance(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            closesAfterAnswer = true
            if case .answering = state { return }
            leave()
            context.close(promise: nil)
        case ChannelEvent.inputClosed:
            leave()
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        engine.configuration.logger.debug("connection closed", metadata: ["error": "\(error)"])
        leave()
        context.close(promise: nil)
    }

    // MARK: - Answers

    private func respond(_ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ body: ByteBuffer) {
        do throws(APIError) {
            let route = try Route(head)
            if case .generate(let endpoint) = route {
                try generate(context, endpoint, head, body)
            } else {
                write(context, head, .ok, try engine.answer(route))
            }
        } catch {
            write(context, head, error.status, error.body)
        }
    }

    private func generate(
        _ context: ChannelHandlerContext,
        _ endpoint: Endpoint,
        _ head: HTTPRequestHead,
        _ body: ByteBuffer
    ) throws(APIError) {
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        let exchange = try engine.admit(endpoint, head, body.readableBytesUInt8Span) {
            loop.execute {
                let (handler, context) = bound.value
                handler.advance(context)
            }
        }
        state = .answering(exchange, keepAlive: head.isKeepAlive)
        if exchange.isStream {
            let headers: HTTPHeaders = [
                "Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Request-Id": exchange.requestID,
            ]
            writeHead(context, head.version, .ok, headers, keepAlive: head.isKeepAlive)
            context.flush()
        }
        advance(context)
    }

    /// Writes what the sequences have written, as long as the connection takes it.
    private func advance(_ context: ChannelHandlerContext) {
        guard case .answering(var exchange, let keepAlive) = state else { return }
        guard !exchange.isStream || context.channel.isWritable else { return }
        // A write may call back here, and then finds the state as it is after this turn.
        state = .idle
        let output = exchange.advance()
        if !output.isComplete { state = .answering(exchange, keepAlive: keepAlive) }
        if exchange.isStream {
            writeBody(context, output.bytes)
            if output.isComplete {
                finish(context, keepAlive: keepAlive)
            } else {
                context.flush()
            }
        } else if output.isComplete {
            let headers: HTTPHeaders = [
                "Content-Type": "application/json", "Content-Length": "\(output.bytes.count)",
                "X-Request-Id": exchange.requestID,
            ]
            writeHead(context, .http1_1, .ok, headers, keepAlive: keepAlive)
            writeBody(context, output.bytes)
            finish(context, keepAlive: keepAlive)
        }
    }

    /// Writes a whole answer.
    private func write(
        _ context: ChannelHandlerContext,
        _ head: HTTPRequestHead,
        _ status: HTTPResponseStatus,
        _ body: [UInt8],
        keepAlive: Bool = true
    ) {
        let keepAlive = keepAlive && head.isKeepAlive
        let headers: HTTPHeaders = ["Content-Type": "application/json", "Content-Length": "\(body.count)"]
        writeHead(context, head.version, status, headers, keepAlive: keepAlive)
        writeBody(context, body)
        finish(context, keepAlive: keepAlive)
    }

    private func writeHead(
        _ context: ChannelHandlerContext,
        _ version: HTTPVersion,
        _ status: HTTPResponseStatus,
        _ headers: HTTPHeaders,
        keepAlive: Bool
    ) {
        var head = HTTPResponseHead(version: version, status: status, headers: headers)
        if !keepAlive || closesAfterAnswer { head.headers.add(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    private func writeBody(_ context: ChannelHandlerContext, _ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: bytes)))), promise: nil)
    }

    private func finish(_ context: ChannelHandlerContext, keepAlive: Bool) {
        let closes = !keepAlive || closesAfterAnswer
        state = closes ? .closing : .idle
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if closes {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.whenComplete { _ in bound.value.close(promise: nil) }
        }
    }

    private func refuseBody(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
        let error = APIError(
            status: .payloadTooLarge,
            message: "The request's body has more than \(engine.configuration.maxBodyBytes) bytes.",
            code: "body_too_large"
        )
        write(context, head, error.status, error.body, keepAlive: false)
    }

    /// The client has gone, or is sent away.
    private func leave() {
        if case .answering(let exchange, _) = state { exchange.abandon() }
        state = .closing
    }
}

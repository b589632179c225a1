internal import NIOCore
internal import NIOHTTP1

/// The client's side of HTTP/1: bytes to requests, one at a time, and responses to bytes.
///
/// NIO has three handlers for that. One is enough, and spares every connection a C parser, the setting up of the others,
/// and two changes of what its socket is watched for. A request that was sent before the one in front of it is answered
/// stays in bytes until then.
final class ClientCodec: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = ByteBuffer

    /// The most bytes that wait for an answer to the request before them; then the client is not read from.
    private static let maxWaiting = 32 * 1_024

    private var context: ChannelHandlerContext?
    private var parser = RequestParser()
    private var encoder = MessageEncoder()
    /// What was read and not looked at yet.
    private var waiting = ByteBuffer()
    /// Whether a request has begun and not ended.
    private var requestIsOpen = false
    /// Whether a request has begun and its answer has not ended.
    private var answerIsOpen = false
    private var isDelivering = false
    private var readIsHeld = false

    /// Writes a piece of the body without the way through the pipeline: a stream is thousands of such pieces.
    /// - Parameter frame: The chunk that holds the piece in the engine's answer; it is as good in ours.
    func write(body: ByteBuffer, in frame: ByteBuffer?) {
        guard let context else { return }
        encoder.add(body, in: frame) { context.write(wrapOutboundOut($0), promise: nil) }
    }

    // MARK: Requests

    private func deliver(_ context: ChannelHandlerContext) {
        // An answer that is given at once comes back here from within the delivery of its request.
        guard !isDelivering else { return }
        isDelivering = true
        do {
            while requestIsOpen || !answerIsOpen, let part = try parser.next(&waiting) {
                switch part {
                case .head(let head):
                    (requestIsOpen, answerIsOpen) = (true, true)
                    context.fireChannelRead(wrapInboundOut(.head(head)))
                case .body(let bytes): context.fireChannelRead(wrapInboundOut(.body(bytes)))
                case .end(let trailers):
                    requestIsOpen = false
                    context.fireChannelRead(wrapInboundOut(.end(trailers)))
                }
            }
        } catch {
            context.fireErrorCaught(error)
        }
        isDelivering = false
        if waiting.readableBytes == 0 { waiting = ByteBuffer() }
        guard readIsHeld, waiting.readableBytes < Self.maxWaiting else { return }
        readIsHeld = false
        context.read()
    }

    // MARK: ChannelDuplexHandler

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if waiting.readableBytes == 0 { waiting = bytes } else { waiting.writeBuffer(&bytes) }
        deliver(context)
    }

    func read(context: ChannelHandlerContext) {
        if waiting.readableBytes < Self.maxWaiting { context.read() } else { readIsHeld = true }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): encoder.add(head)
        case .body(.byteBuffer(let body)): encoder.add(body) { context.write(wrapOutboundOut($0), promise: nil) }
        case .body(.fileRegion): preconditionFailure("the gateway sends no files")
        case .end(let trailers):
            encoder.end(trailers)
            answerIsOpen = false
        }
        // Whoever asks is told when all that was written before is on its way, too.
        if let promise { context.write(wrapOutboundOut(encoder.flush() ?? ByteBuffer()), promise: promise) }
    }

    func flush(context: ChannelHandlerContext) {
        if let rest = encoder.flush() { context.write(wrapOutboundOut(rest), promise: nil) }
        context.flush()
        if !answerIsOpen, waiting.readableBytes > 0 { deliver(context) }
    }
}

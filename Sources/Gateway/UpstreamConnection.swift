internal import NIOCore
internal import NIOHTTP1

/// One connection to the engine: idle in the pool, or serving one exchange on the same event loop.
final class UpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var exchange: Exchange?
    private var encoder = MessageEncoder()
    private var parser = ResponseParser()
    private var readIsHeld = false
    private var farewell: Scheduled<Void>?
    private weak var pool: UpstreamPool?
    /// Whether an earlier exchange was served. Only such a connection may turn out to have been dead all along.
    private(set) var isReused = false

    init(pool: UpstreamPool) { self.pool = pool }

    var isActive: Bool { context?.channel.isActive ?? false }
    var isWritable: Bool { context?.channel.isWritable ?? false }

    // MARK: What an exchange does with it

    func serve(_ exchange: Exchange) {
        self.exchange = exchange
        parser.expect(headOnly: exchange.request.head.method == .HEAD)
    }

    func write(_ part: HTTPClientRequestPart) {
        guard let context else { return }
        switch part {
        case .head(let head): encoder.add(head)
        case .body(.byteBuffer(let body)): encoder.add(body) { context.write(wrapOutboundOut($0), promise: nil) }
        case .body(.fileRegion): preconditionFailure("the gateway sends no files")
        case .end(let trailers): encoder.end(trailers)
        }
    }

    func flush() {
        guard let context else { return }
        if let rest = encoder.flush() { context.write(wrapOutboundOut(rest), promise: nil) }
        context.flush()
    }

    /// The client can take more.
    func resumeReading() {
        guard readIsHeld else { return }
        readIsHeld = false
        context?.read()
    }

    /// The exchange is over and left nothing on the wire.
    func giveBack() {
        exchange = nil
        isReused = true
        pool?.keep(self)
        resumeReading()
    }

    /// The exchange is over in the middle of something: nobody may use the connection again.
    func abandon() {
        exchange = nil
        context?.close(promise: nil)
    }

    /// The same, but a little later, by what is given back or when the time has passed: an engine that is about to be told
    /// to stop would take the closed connection for a client that may come back. What it sends meanwhile is dropped.
    func abandon(within time: TimeAmount) -> @Sendable () -> Void {
        exchange = nil
        guard let loop = context?.eventLoop else { return {} }
        farewell = loop.assumeIsolated().scheduleTask(in: time) { [weak self] in self?.abandon() }
        resumeReading()
        let connection = NIOLoopBound(self, eventLoop: loop)
        return { loop.execute { connection.value.abandon() } }
    }

    // MARK: ChannelDuplexHandler

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        do {
            while let part = try parser.next(&bytes) {
                switch part {
                case .head(let head): exchange?.engineSent(head)
                case .body(let bytes, let frame): exchange?.engineSent(bytes, in: frame)
                case .end(let trailers): exchange?.engineEnded(trailers)
                }
            }
        } catch {
            errorCaught(context: context, error: error)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { exchange?.engineReadComplete() }

    func read(context: ChannelHandlerContext) {
        if exchange?.holdsEngine == true {
            readIsHeld = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { exchange?.engineCanTakeMore() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let served = exchange
        exchange = nil
        pool?.forget(self)
        context.close(promise: nil)
        served?.engineBroke(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        pool?.forget(self)
        let served = exchange
        exchange = nil
        if parser.connectionEnded() { served?.engineEnded(nil) }
        served?.engineClosed()
    }
}

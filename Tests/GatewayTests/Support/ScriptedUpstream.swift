import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An engine whose every byte a test decides: it takes HTTP requests and answers with raw bytes.
final class ScriptedUpstream: Sendable {
    let port: Int
    private let channel: any Channel
    private let arrived: AsyncStream<Call>
    private let begun: AsyncStream<Call>
    private let counter: Counter

    private init(channel: any Channel, arrived: AsyncStream<Call>, begun: AsyncStream<Call>, counter: Counter) {
        self.channel = channel
        self.arrived = arrived
        self.begun = begun
        port = channel.localAddress!.port!
        self.counter = counter
    }

    /// How many connections were accepted so far.
    var connections: Int { counter.value.load(ordering: .acquiring) }

    static func start(port: Int = 0) async throws -> ScriptedUpstream {
        let (stream, source) = AsyncStream.makeStream(of: Call.self)
        let (begun, beginning) = AsyncStream.makeStream(of: Call.self)
        let counter = Counter()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    counter.value.wrappingAdd(1, ordering: .acquiringAndReleasing)
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try channel.pipeline.syncOperations.addHandler(CallHandler(source, beginning))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return ScriptedUpstream(channel: channel, arrived: stream, begun: begun, counter: counter)
    }

    /// The next request that has wholly arrived.
    func nextCall() async throws -> Call {
        for await call in arrived { return call }
        throw CancellationError()
    }

    /// The next request of which the head has arrived.
    func nextHead() async throws -> Call {
        for await call in begun { return call }
        throw CancellationError()
    }

    func stop() async throws { try await channel.close() }

    final class Counter: Sendable { let value = Atomic<Int>(0) }

    /// One request, and the way to answer it.
    final class Call: Sendable {
        let head: HTTPRequestHead
        let body: ByteBuffer
        /// The length of the body, of which only the beginning is kept.
        let bodyLength: Int
        let trailers: HTTPHeaders?
        private let channel: any Channel

        init(
            _ head: HTTPRequestHead,
            _ body: ByteBuffer,
            _ length: Int,
            _ trailers: HTTPHeaders?,
            _ channel: any Channel
        ) {
            self.head = head
            self.body = body
            bodyLength = length
            self.trailers = trailers
            self.channel = channel
        }

        var text: String { String(buffer: body) }

        func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

        func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

        /// Sends a whole answer with a Content-Length.
        func reply(_ status: String = "200 OK", _ body: String = "{}", type: String = "application/json") async throws {
            try await send(
                "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        }

        /// Begins a chunked stream of events.
        func beginStream() async throws {
            try await send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        }

        func chunk(_ text: String) async throws {
            try await send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
        }

        func endStream() async throws { try await send("0\r\n\r\n") }

        func close() async throws { try await channel.close() }

        func reset() async throws {
            try await channel.closeByReset()
            try await channel.close()
        }

        /// Returns when the gateway has let go of the connection.
        func connectionClosed() async throws { try await channel.closed() }

        /// Whether two calls came on one connection.
        func sharesConnection(with other: Call) -> Bool { channel === other.channel }
    }
}

private final class CallHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    private let calls: AsyncStream<ScriptedUpstream.Call>.Continuation
    private let heads: AsyncStream<ScriptedUpstream.Call>.Continuation
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var length = 0

    init(
        _ calls: AsyncStream<ScriptedUpstream.Call>.Continuation,
        _ heads: AsyncStream<ScriptedUpstream.Call>.Continuation
    ) {
        self.calls = calls
        self.heads = heads
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            (self.head, body, length) = (head, ByteBuffer(), 0)
            heads.yield(.init(head, body, 0, nil, context.channel))
        case .body(let bytes):
            length += bytes.readableBytes
            if body.readableBytes < 1_048_576 { body.writeImmutableBuffer(bytes) }
        case .end(let trailers): calls.yield(.init(head!, body, length, trailers, context.channel))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

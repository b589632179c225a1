internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// A server on a real socket whose every answer a test decides.
public final class ScriptedServer: Sendable {
    /// What a test does with a request; it runs in a task of its own.
    public typealias Script = @Sendable (Call) async throws -> Void

    private let channel: any Channel
    private let accepted: Connections

    private init(_ channel: any Channel, _ connections: Connections) {
        self.channel = channel
        accepted = connections
    }

    /// The port it listens on.
    public var port: Int { channel.localAddress?.port ?? 0 }
    /// Where requests go.
    public var url: String { "http://127.0.0.1:\(port)" }
    /// How many connections were accepted so far.
    public var connectionCount: Int { accepted.channels.withLock { $0.count } }

    /// Listens on a port that the system chooses, or on a Unix socket.
    public static func start(unixSocket: String? = nil, _ script: @escaping Script) async throws -> ScriptedServer {
        let connections = Connections()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    connections.channels.withLock { $0.append(channel) }
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try channel.pipeline.syncOperations.addHandler(CallHandler(script))
                }
            }
        let channel =
            if let unixSocket {
                try await bootstrap.bind(unixDomainSocketPath: unixSocket).get()
            } else {
                try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
            }
        return ScriptedServer(channel, connections)
    }

    /// Stops listening and closes every connection.
    public func stop() async {
        try? await channel.close()
        for connection in accepted.channels.withLock(\.self) { connection.close(promise: nil) }
    }

    private final class Connections: Sendable { let channels = Mutex<[any Channel]>([]) }
}

/// Collects each request and hands it to the script.
private final class CallHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    private let script: ScriptedServer.Script
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(_ script: @escaping ScriptedServer.Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (self.head, body) = (head, ByteBuffer())
        case .body(let bytes): body.writeImmutableBuffer(bytes)
        case .end:
            guard let head else { return }
            let call = Call(head, String(buffer: body), context.channel)
            Task { [script] in try? await script(call) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

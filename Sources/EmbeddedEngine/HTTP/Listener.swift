import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The listening socket and the connections that came from it.
final class Listener: Sendable {
    private let channel: any Channel
    private let connections: Connections
    let address: SocketAddress

    /// Binds and listens.
    /// - Throws: The system's error when the address cannot be had.
    init(_ engine: Engine) async throws {
        let configuration = engine.configuration
        let connections = Connections()
        let group = configuration.eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    connections.add(channel)
                    let pipeline = channel.pipeline.syncOperations
                    // Without help for pipelining, which would stop reading while an answer is written.
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try pipeline.addHandler(ConnectionHandler(engine))
                }
            }
            .bind(host: configuration.host, port: configuration.port)
            .get()
        self.connections = connections
        address = channel.localAddress!
    }

    /// Takes no new connections, lets the others write what is left, and closes those that take longer than `grace`.
    func close(grace: Duration) async {
        try? await channel.close()
        connections.quiesce()
        let connections = connections
        let timer = channel.eventLoop.scheduleTask(in: .nanoseconds(Int64(grace / .nanoseconds(1)))) {
            connections.closeAll()
        }
        await connections.allClosed()
        timer.cancel()
    }

    /// Stops listening; connections stay.
    func stopListening() async { try? await channel.close() }
}

/// The open connections.
private final class Connections: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        channels.withLock { $0[id] = channel }
        channel.closeFuture.whenComplete { _ in self.channels.withLock { $0[id] = nil } }
    }

    func quiesce() {
        for channel in all { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    func closeAll() {
        for channel in all { channel.close(promise: nil) }
    }

    func allClosed() async {
        for channel in all { try? await channel.closeFuture.get() }
    }

    private var all: [any Channel] { channels.withLock { Array($0.values) } }
}

internal import CancelBoard
internal import Engines
internal import Logging
public import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// The gateway: listens, proxies, guards.
public final class GatewayServer: Sendable {
    private let gateway: GatewayContext
    private let group: MultiThreadedEventLoopGroup
    /// Asks the engine what is not on the data path.
    private let calls = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let listener = Mutex<(any Channel)?>(nil)

    /// How long clients may take to read their last bytes once their runs have been ended.
    private static let farewell = TimeAmount.seconds(2)

    /// Creates a gateway that does not listen yet.
    public init(configuration: GatewayConfiguration) {
        gateway = GatewayContext(configuration: configuration, group: calls)
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.eventLoops))
    }

    /// Begins to listen.
    /// - Returns: The address listened on, with the port that the system chose when 0 was asked for.
    /// - Throws: The system's error when the address cannot be listened on.
    public func start() async throws -> SocketAddress {
        let configuration = gateway.configuration
        let gateway = gateway
        var pools: [ObjectIdentifier: NIOLoopBound<UpstreamPool>] = [:]
        for loop in group.makeIterator() {
            pools[ObjectIdentifier(loop)] = try await loop.submit {
                NIOLoopBound(UpstreamPool(loop: loop, configuration: configuration), eventLoop: loop)
            }.get()
        }
        let bound = pools
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Accepted connections inherit it, which spares each a system call; so does taking them one by one, since the
            // last of several calls always finds nothing.
            .serverChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            // A client that does not read holds up the engine after this much, and costs no more memory than this.
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 32 * 1_024, high: 64 * 1_024))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let pool = bound[ObjectIdentifier(channel.eventLoop)]?.value else { return }
                    let sync = channel.pipeline.syncOperations
                    let encoder = ResponseEncoder()
                    try sync.addHandler(encoder)
                    try sync.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try sync.addHandler(HTTPServerPipelineHandler())
                    try sync.addHandler(ClientHandler(gateway: gateway, pool: pool, encoder: encoder))
                }
            }
            .bind(host: configuration.host, port: configuration.port)
            .get()
        listener.withLock { $0 = channel }
        keepBoard()
        gateway.engine.recognise()
        guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
        configuration.logger.info(
            "listening",
            metadata: ["address": "\(address)", "upstream": "\(configuration.upstream)"]
        )
        return address
    }

    /// What the engine is taken for; `generic` while that is not known.
    public var engineName: String { gateway.engine.adapter.name }

    /// Looks after the cancel board for as long as there are event loops.
    private func keepBoard() {
        guard let board = gateway.configuration.board else { return }
        group.any().scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(500)) { _ in board.maintain() }
    }

    /// Stops taking requests, lets running ones finish for `grace`, then ends them in the way their format allows.
    /// Only the first call does anything.
    public func shutdown(grace: Duration = .seconds(5)) async throws {
        guard gateway.beginShutdown() else { return }
        try? await listener.withLock { $0 }?.close().get()
        let loop = group.any()
        let allClosed = EventLoopFuture.andAllComplete(gateway.clients.map(\.closeFuture), on: loop)
        tell(.closeWhenIdle)
        await wait(for: allClosed, atMost: TimeAmount(grace))
        tell(.endNow)
        await wait(for: allClosed, atMost: Self.farewell)
        for channel in gateway.clients { try? await channel.close().get() }
        try? await allClosed.get()
        await gateway.engine.stop()
        await gateway.ladders.finish()
        try await calls.shutdownGracefully()
        try await group.shutdownGracefully()
    }

    private func tell(_ event: ShutdownEvent) {
        for channel in gateway.clients { channel.pipeline.fireUserInboundEventTriggered(event) }
    }

    private func wait(for closed: EventLoopFuture<Void>, atMost time: TimeAmount) async {
        let done = closed.eventLoop.makePromise(of: Void.self)
        let timer = closed.eventLoop.scheduleTask(in: time) { done.succeed() }
        closed.whenComplete { _ in
            timer.cancel()
            done.succeed()
        }
        try? await done.futureResult.get()
    }
}

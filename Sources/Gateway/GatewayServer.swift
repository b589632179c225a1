internal import Logging
public import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// The gateway: listens, proxies, guards.
public final class GatewayServer: Sendable {
    private let gateway: GatewayContext
    private let group: MultiThreadedEventLoopGroup
    private let listener = Mutex<(any Channel)?>(nil)

    /// How long clients may take to read their last bytes once their runs have been ended.
    private static let farewell = TimeAmount.seconds(2)

    /// Creates a gateway that does not listen yet.
    public init(configuration: GatewayConfiguration) {
        gateway = GatewayContext(configuration: configuration)
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
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A client that does not read holds up the engine after this much, and costs no more memory than this.
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 32 * 1_024, high: 64 * 1_024))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let pool = bound[ObjectIdentifier(channel.eventLoop)]?.value else { return }
                    let sync = channel.pipeline.syncOperations
                    try sync.addHandler(HTTPResponseEncoder(configuration: .framedByUs))
                    try sync.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try sync.addHandler(HTTPServerPipelineHandler())
                    try sync.addHandler(ClientHandler(gateway: gateway, pool: pool))
                }
            }
            .bind(host: configuration.host, port: configuration.port)
            .get()
        listener.withLock { $0 = channel }
        guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
        configuration.logger.info(
            "listening",
            metadata: ["address": "\(address)", "upstream": "\(configuration.upstream)"]
        )
        return address
    }

    /// Stops taking requests, lets running ones finish for `grace`, then ends them in the way their format allows.
    public func shutdown(grace: Duration = .seconds(5)) async throws {
        gateway.beginShutdown()
        try? await listener.withLock { $0 }?.close().get()
        tell(.closeWhenIdle)
        await clientsClosed(within: TimeAmount(grace))
        tell(.endNow)
        await clientsClosed(within: Self.farewell)
        for channel in gateway.clients { try? await channel.close().get() }
        try await group.shutdownGracefully()
    }

    private func tell(_ event: ShutdownEvent) {
        for channel in gateway.clients { channel.pipeline.fireUserInboundEventTriggered(event) }
    }

    private func clientsClosed(within time: TimeAmount) async {
        let loop = group.next()
        let closed = loop.makePromise(of: Void.self)
        let timer = loop.scheduleTask(in: time) { closed.succeed() }
        EventLoopFuture.andAllComplete(gateway.clients.map(\.closeFuture), on: loop).whenComplete { _ in
            timer.cancel()
            closed.succeed()
        }
        try? await closed.futureResult.get()
    }
}

extension HTTPResponseEncoder.Configuration {
    /// Framing headers are those that the gateway chose for the client.
    static var framedByUs: Self {
        var configuration = Self()
        configuration.automaticallySetFramingHeaders = false
        return configuration
    }
}

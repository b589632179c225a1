internal import NIOCore
internal import NIOPosix

/// The connections to the engine that one event loop has. Never more than idle ones are kept; there is no limit on
/// those in use, since a limit would queue streams without anyone seeing it.
final class UpstreamPool {
    private let loop: any EventLoop
    private let upstream: UpstreamURL
    private let connectTimeout: TimeAmount
    private let idleTimeout: TimeAmount
    private let capacity: Int
    /// Idle connections and since when they are, the longest first.
    private var idle: [(connection: UpstreamConnection, since: NIODeadline)] = []
    private var isWatched = false

    init(loop: any EventLoop, configuration: GatewayConfiguration) {
        self.loop = loop
        upstream = configuration.upstream
        connectTimeout = TimeAmount(configuration.connectTimeout)
        idleTimeout = TimeAmount(configuration.idleConnectionTimeout)
        capacity = configuration.maxIdleConnections
    }

    /// The idle connection used last, which is the one most likely to be alive.
    func takeIdle() -> UpstreamConnection? {
        while let last = idle.popLast() {
            if last.connection.isActive { return last.connection }
        }
        return nil
    }

    /// Makes a connection for an exchange and tells it how that went.
    func connect(for exchange: Exchange) {
        let connection = UpstreamConnection(pool: self)
        let bound = NIOLoopBound((connection, exchange), eventLoop: loop)
        open { channel in
            try channel.pipeline.syncOperations.addHandler(bound.value.0)
        }.whenComplete { result in
            let (connection, exchange) = bound.value
            switch result {
            case .success: exchange.connected(connection)
            case .failure(let error): exchange.couldNotConnect(UpstreamFailure(connecting: error))
            }
        }
    }

    /// Whether the engine takes connections.
    func probe() -> EventLoopFuture<Bool> {
        open { _ in }.map { channel in
            channel.close(promise: nil)
            return true
        }.recover { _ in false }
    }

    func keep(_ connection: UpstreamConnection) {
        guard connection.isActive, idle.count < capacity else { return connection.abandon() }
        idle.append((connection, .now()))
        watch()
    }

    func forget(_ connection: UpstreamConnection) { idle.removeAll { $0.connection === connection } }

    /// Lets connections go that have been idle for too long. One timer looks after all of them: one for each would be set
    /// and cancelled with every request.
    private func watch() {
        guard !isWatched, let oldest = idle.first else { return }
        isWatched = true
        loop.assumeIsolated().scheduleTask(deadline: oldest.since + idleTimeout) { [weak self] in self?.letGo() }
    }

    private func letGo() {
        isWatched = false
        let limit = NIODeadline.now() - idleTimeout
        let kept = idle.firstIndex { $0.since > limit } ?? idle.endIndex
        let old = idle[..<kept]
        idle.removeFirst(kept)
        for (connection, _) in old { connection.abandon() }
        watch()
    }

    private func open(_ initialize: @escaping @Sendable (any Channel) throws -> Void) -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: 32 * 1_024, high: 64 * 1_024))
            // When an engine closes while the client does not read, all that the kernel holds comes at once.
            .channelOption(.socketOption(.so_rcvbuf), value: 256 * 1_024)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try initialize(channel) }
            }
        if let address = try? SocketAddress(ipAddress: upstream.host, port: upstream.port) {
            return bootstrap.connect(to: address)
        }
        return bootstrap.connect(host: upstream.host, port: upstream.port)
    }
}

extension UpstreamFailure {
    init(connecting error: any Error) {
        if case ChannelError.connectTimeout = error {
            self.init(kind: .timeout, message: "The engine did not accept a connection in time.")
        } else {
            self.init(kind: .unreachable, message: "The engine cannot be reached; is it running?")
        }
    }
}

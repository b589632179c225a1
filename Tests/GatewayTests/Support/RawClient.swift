import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A client that sends raw bytes and remembers what comes back.
final class RawClient: Sendable {
    private let channel: any Channel
    private let inbox: NIOLoopBound<Inbox>

    private init(channel: any Channel, inbox: NIOLoopBound<Inbox>) {
        self.channel = channel
        self.inbox = inbox
    }

    static func connect(to port: Int) async throws -> RawClient {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let inbox = try await loop.submit { NIOLoopBound(Inbox(), eventLoop: loop) }.get()
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(inbox.value) }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawClient(channel: channel, inbox: inbox)
    }

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }
    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    func post(_ path: String, _ body: String, headers: String = "") async throws {
        try await send(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    /// Waits until what has arrived satisfies a condition or the connection is closed, and returns all of it.
    @discardableResult
    func received(until condition: @escaping @Sendable (String) -> Bool) async throws -> String {
        try await channel.closedWhenCancelled {
            try await self.channel.eventLoop.flatSubmit { self.inbox.value.wait(condition, on: self.channel.eventLoop) }
                .get()
        }
    }

    /// The next answer, once it is whole; it is taken out of what has arrived.
    func answer(to method: String = "GET") async throws -> Answer {
        let text = try await received { Answer(first: $0, to: method, closed: false) != nil }
        let closed = !channel.isActive
        guard let answer = Answer(first: text, to: method, closed: closed) else { throw Incomplete(text: text) }
        try await channel.eventLoop.submit { self.inbox.value.drop(answer.length) }.get()
        return answer
    }

    /// Everything that arrives until the gateway closes the connection.
    func rest() async throws -> String { try await received { _ in false } }

    /// How many bytes have come, without keeping them, until the connection is closed.
    func countOnly() async throws { try await channel.eventLoop.submit { self.inbox.value.keeps = false }.get() }
    func count(reaches total: Int) async throws -> Int {
        try await channel.closedWhenCancelled {
            try await self.channel.eventLoop.flatSubmit {
                self.inbox.value.waitCount(total, on: self.channel.eventLoop)
            }
            .get()
        }
    }

    /// Stops taking what the gateway sends, or takes it again.
    func reads(_ on: Bool) async throws { try await channel.setOption(.autoRead, value: on).get() }

    func closed() async throws { try await channel.closed() }
    func leave(_ way: Leaving) async throws {
        switch way {
        case .fin: try await channel.close()
        case .reset:
            try await channel.closeByReset()
            try await channel.close()
        case .halfClose: try await channel.close(mode: .output)
        }
    }

    /// How a client goes away.
    enum Leaving: CaseIterable { case fin, reset, halfClose }

    struct Incomplete: Error { let text: String }

    private final class Inbox: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var bytes = ByteBuffer()
        var total = 0
        var keeps = true
        var isClosed = false
        var waiters: [(condition: @Sendable (String) -> Bool, promise: EventLoopPromise<String>)] = []
        var counters: [(total: Int, promise: EventLoopPromise<Int>)] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var read = unwrapInboundIn(data)
            total += read.readableBytes
            if keeps { bytes.writeBuffer(&read) }
            check()
        }

        func channelInactive(context: ChannelHandlerContext) {
            isClosed = true
            check()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func drop(_ count: Int) { bytes.moveReaderIndex(forwardBy: count) }

        func wait(_ condition: @escaping @Sendable (String) -> Bool, on loop: any EventLoop) -> EventLoopFuture<String>
        {
            let promise = loop.makePromise(of: String.self)
            waiters.append((condition, promise))
            check()
            return promise.futureResult
        }

        func waitCount(_ total: Int, on loop: any EventLoop) -> EventLoopFuture<Int> {
            let promise = loop.makePromise(of: Int.self)
            counters.append((total, promise))
            check()
            return promise.futureResult
        }

        private func check() {
            if !waiters.isEmpty {
                let text = String(buffer: bytes)
                let ready = waiters.filter { isClosed || $0.condition(text) }
                waiters.removeAll { isClosed || $0.condition(text) }
                for waiter in ready { waiter.promise.succeed(text) }
            }
            let ready = counters.filter { isClosed || total >= $0.total }
            counters.removeAll { isClosed || total >= $0.total }
            for counter in ready { counter.promise.succeed(total) }
        }
    }
}

extension Channel {
    /// Lets nothing wait on a channel longer than its test may take: the time limit of a test cancels its task.
    func closedWhenCancelled<Result: Sendable>(_ wait: @Sendable () async throws -> Result) async throws -> Result {
        let result = try await withTaskCancellationHandler {
            try await wait()
        } onCancel: {
            close(promise: nil)
        }
        try Task.checkCancellation()
        return result
    }

    func closed() async throws { try await closedWhenCancelled { try await self.closeFuture.get() } }

    /// Makes the next close send a reset instead of an orderly end.
    func closeByReset() async throws {
        try await (self as! any SocketOptionProvider).setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
    }
}

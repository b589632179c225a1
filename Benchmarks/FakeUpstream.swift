import NIOCore
import NIOHTTP1
import NIOPosix

/// An engine that generates random words: streams of chat chunks, each stamped with the time at which it was written.
///
/// Requests are decoded by NIO; responses are written as bytes, so that the engine costs little beside the gateway.
struct FakeUpstream {
    /// What happens when a request does not say.
    var plan = StreamPlan()

    /// Serves on the loopback interface until `seconds` have passed.
    func run(port: Int, seconds: Int64) throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        let statistics = UpstreamStatistics()
        var generator = SampleText(seed: 4)
        let text = generator.words(bytes: 1 << 20)
        let plan = plan
        let server = try ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        ByteToMessageHandler(HTTPRequestDecoder()),
                        UpstreamHandler(plan: plan, text: text, statistics: statistics)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .wait()
        note("fake upstream on \(server.localAddress.map { "\($0)" } ?? "?"), for \(seconds) s")
        group.next().scheduleTask(in: .seconds(seconds)) { server.close(promise: nil) }
        try server.closeFuture.wait()
    }
}

/// One connection of the fake upstream.
final class UpstreamHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let basePlan: StreamPlan
    private let statistics: UpstreamStatistics
    private var chunks: ChunkWriter
    private var uri = ""
    private var body = ByteBuffer()

    /// What is being answered, and how much of it was sent.
    private var plan: StreamPlan?
    private var sent = 0
    private var nextWrite = NIODeadline.now()
    private var timer: Scheduled<Void>?
    /// A paced stream that fell behind goes on when the connection takes bytes again.
    private var isBlocked = false

    private static let longestBody = 1 << 20
    /// Writes in a row before other connections get their turn.
    private static let burst = 64

    init(plan: StreamPlan, text: [UInt8], statistics: UpstreamStatistics) {
        basePlan = plan
        self.statistics = statistics
        chunks = ChunkWriter(text: text)
    }

    // MARK: - Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            uri = head.uri
            body.clear()
        case .body(var part):
            body.writeBuffer(&part)
            if body.readableBytes > Self.longestBody { context.close(promise: nil) }
        case .end:
            answer(context)
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard plan == nil else { return context.close(promise: nil) }
        if uri.hasPrefix("/stats") { return send(context, json: statistics.current.json) }
        guard uri.hasSuffix("/completions") else {
            return send(context, json: #"{"object":"list","data":[{"id":"bench","object":"model"}]}"#)
        }
        guard let plan = basePlan.reading(body.readableBytesUInt8Span) else {
            return send(context, status: "400 Bad Request", json: #"{"error":{"message":"no such plan"}}"#)
        }
        self.plan = plan
        sent = 0
        isBlocked = false
        let number = statistics.start()
        chunks.begin(number, padding: plan.padding)
        guard plan.delayMilliseconds > 0 else { return begin(context, plan) }
        if plan.streams, plan.sendsHeadersFirst {
            write(context, ByteBuffer(string: ChunkWriter.streamHead), events: 0)
        }
        schedule(context, at: .now() + .milliseconds(Int64(plan.delayMilliseconds))) { $0.begin($1, plan) }
    }

    private func begin(_ context: ChannelHandlerContext, _ plan: StreamPlan) {
        guard plan.streams else {
            send(context, json: ChunkWriter.completion(stamp: monotonicNanoseconds()))
            return complete()
        }
        if plan.delayMilliseconds == 0 || !plan.sendsHeadersFirst {
            context.write(wrapOutboundOut(ByteBuffer(string: ChunkWriter.streamHead)), promise: nil)
        }
        nextWrite = .now()
        if plan.intervalMicroseconds > 0 { pace(context) } else { burst(context) }
    }

    // MARK: - Streams

    /// One write now, the next at its time.
    private func pace(_ context: ChannelHandlerContext) {
        guard let plan else { return }
        guard context.channel.isWritable else {
            isBlocked = true
            return
        }
        writeEvents(context, plan)
        guard self.plan != nil else { return }
        nextWrite = nextWrite + .microseconds(Int64(plan.intervalMicroseconds))
        schedule(context, at: nextWrite) { handler, context in handler.pace(context) }
    }

    /// As many writes as the connection takes.
    private func burst(_ context: ChannelHandlerContext) {
        var writes = 0
        while let plan, context.channel.isWritable {
            if writes == Self.burst {
                return schedule(context, at: .now()) { handler, context in handler.burst(context) }
            }
            writeEvents(context, plan)
            writes += 1
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard let plan, context.channel.isWritable, sent > 0 else { return }
        if plan.intervalMicroseconds == 0 {
            // Not at once: this may be called in the middle of a write of ours.
            schedule(context, at: .now()) { handler, context in handler.burst(context) }
        } else if isBlocked {
            isBlocked = false
            nextWrite = .now()
            pace(context)
        }
    }

    private func writeEvents(_ context: ChannelHandlerContext, _ plan: StreamPlan) {
        var buffer = context.channel.allocator.buffer(capacity: plan.eventsPerWrite * (plan.padding + 320) + 320)
        let count = min(plan.eventsPerWrite, plan.events - sent)
        for _ in 0..<count { chunks.writeEvent(into: &buffer, stamp: monotonicNanoseconds()) }
        sent += count
        if sent == plan.events {
            chunks.writeEnd(into: &buffer)
            complete()
        }
        write(context, buffer, events: count)
    }

    private func complete() {
        plan = nil
        timer?.cancel()
        timer = nil
        statistics.note { $0.completed += 1 }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        guard plan != nil else { return }
        plan = nil
        let now = Int(monotonicNanoseconds())
        statistics.note {
            $0.aborted += 1
            $0.lastAbort = now
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: - Writing

    private func write(_ context: ChannelHandlerContext, _ buffer: ByteBuffer, events: Int) {
        let bytes = buffer.readableBytes
        statistics.note {
            $0.events += events
            $0.bytes += bytes
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    private func send(_ context: ChannelHandlerContext, status: String = "200 OK", json: String) {
        let head = "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n\r\n"
        write(context, ByteBuffer(string: head + json), events: 0)
    }

    private func schedule(
        _ context: ChannelHandlerContext,
        at deadline: NIODeadline,
        _ work: @escaping (UpstreamHandler, ChannelHandlerContext) -> Void
    ) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { work(self, context) }
    }
}

extension UpstreamStatistics {
    /// Counts a request and returns its number.
    fileprivate func start() -> Int {
        note { $0.started += 1 }
        return current.started
    }
}

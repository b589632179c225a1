internal import Engines
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Asks the engine something beside the data path: on event loops of its own, with one connection for each question.
struct EngineClient: Sendable {
    let upstream: UpstreamURL
    let group: any EventLoopGroup

    /// What came of a question.
    enum Reply: Sendable {
        case answer(EngineAnswer)
        /// Nobody listens there: the engine is gone, and whatever it was doing with it.
        case refused
        /// No answer came in time, or none that can be read.
        case silence
    }

    /// The longest answer that is read.
    static let maxAnswerBytes = 4 * 1_048_576

    /// - Parameters:
    ///   - headers: The credentials of the client whose run it is about.
    ///   - limit: The time for all of it, connecting included.
    ///   - isPatient: Whether the answer is awaited even when the task is cancelled.
    func ask(
        _ request: EngineRequest,
        headers: HTTPHeaders = [:],
        within limit: Duration,
        isPatient: Bool = true
    ) async -> Reply {
        let loop = group.next()
        let reply = loop.makePromise(of: Reply.self)
        let time = TimeAmount(limit)
        let timer = loop.scheduleTask(in: time) { reply.succeed(.silence) }
        let connecting = ClientBootstrap(group: loop)
            .connectTimeout(time)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let sync = channel.pipeline.syncOperations
                    try sync.addHandler(HTTPRequestEncoder(configuration: .framedByUs))
                    try sync.addHandler(AnswerCollector(reply))
                }
            }
            .connect(host: upstream.host, port: upstream.port)
        connecting.whenComplete { result in
            switch result {
            case .success(let channel): send(request, headers, on: channel)
            case .failure(let error): reply.succeed(Self.isRefusal(error) ? .refused : .silence)
            }
        }
        // An answer that comes too late, or never, leaves no connection behind.
        reply.futureResult.whenComplete { _ in
            timer.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
        }
        return await withTaskCancellationHandler {
            (try? await reply.futureResult.get()) ?? .silence
        } onCancel: {
            if !isPatient { reply.succeed(.silence) }
        }
    }

    private func send(_ request: EngineRequest, _ headers: HTTPHeaders, on channel: any Channel) {
        var head = HTTPRequestHead(
            version: .http1_1,
            method: HTTPMethod(rawValue: request.method),
            uri: upstream.prefix + request.path,
            headers: headers
        )
        head.headers.replaceOrAdd(name: "host", value: upstream.authority)
        head.headers.replaceOrAdd(name: "connection", value: "close")
        head.headers.replaceOrAdd(name: "accept-encoding", value: "identity")
        if let body = request.body {
            head.headers.replaceOrAdd(name: "content-type", value: "application/json")
            head.headers.replaceOrAdd(name: "content-length", value: "\(body.utf8.count)")
        }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if let body = request.body {
            channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(string: body))), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        guard let error = error as? NIOConnectionError, !error.connectionErrors.isEmpty else { return false }
        return error.connectionErrors.allSatisfy { ($0.error as? IOError)?.errnoCode == ECONNREFUSED }
    }
}

/// Gathers one answer.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let reply: EventLoopPromise<EngineClient.Reply>
    private var parser = ResponseParser()
    private var answer = EngineAnswer(status: 0)

    init(_ reply: EventLoopPromise<EngineClient.Reply>) {
        self.reply = reply
        parser.expect(headOnly: false)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        do {
            while let part = try parser.next(&bytes) {
                switch part {
                case .head(let head):
                    answer.status = Int(head.status.code)
                    answer.headers = head.headers.map { ($0.name, $0.value) }
                case .body(let piece, _):
                    answer.body += piece.readableBytesView
                    if answer.body.count > EngineClient.maxAnswerBytes { return reply.succeed(.silence) }
                case .end: reply.succeed(.answer(answer))
                }
            }
        } catch {
            reply.succeed(.silence)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        reply.succeed(parser.connectionEnded() ? .answer(answer) : .silence)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { reply.succeed(.silence) }
}

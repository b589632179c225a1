import NIOCore
import NIOPosix
import Synchronization

/// A bare TCP client that sends what it is told and collects what comes.
final class TestClient: Sendable {
    let channel: any Channel
    private let inbox = Inbox()

    /// How a client goes away.
    enum Departure: CaseIterable, Sendable {
        /// It closes the connection.
        case close
        /// It resets the connection.
        case reset
        /// It closes its side and would go on reading.
        case halfClose
    }

    init(_ address: SocketAddress) async throws {
        let inbox = inbox
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in channel.pipeline.addHandler(inbox) }
            .connect(to: address)
            .get()
    }

    /// Sends a chat request.
    func send(body: String, headers: [String] = []) async throws {
        try await send("POST", "/v1/chat/completions", body, headers: headers)
    }

    /// Sends one request.
    func send(
        _ method: String,
        _ path: String,
        _ body: String = "",
        headers: [String] = []
    ) async throws {
        let head = (["\(method) \(path) HTTP/1.1", "Host: test", "Content-Length: \(body.utf8.count)"] + headers)
        let text = head.joined(separator: "\r\n") + "\r\n\r\n" + body
        try await send(text: text)
    }

    /// Sends what it is told.
    func send(text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    /// Waits until what came satisfies the condition, and returns it.
    func received(until condition: @escaping @Sendable (String) -> Bool) async throws -> String {
        try await inbox.wait(condition)
    }

    /// The next whole response, which is then forgotten.
    func response() async throws -> Response {
        let text = try await received { Response($0) != nil }
        inbox.clear()
        return Response(text)!
    }

    func leave(_ departure: Departure) async throws {
        switch departure {
        case .close: try await channel.close()
        case .reset:
            try await (channel as! any SocketOptionProvider).setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            try await channel.close()
        case .halfClose: try await channel.close(mode: .output)
        }
    }

    func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    struct Closed: Error { let received: String }

    private final class Inbox: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private struct State {
            var text = ""
            var isClosed = false
            var waiter: (condition: @Sendable (String) -> Bool, continuation: CheckedContinuation<String, any Error>)?
        }

        private let state = Mutex(State())

        func wait(_ condition: @escaping @Sendable (String) -> Bool) async throws -> String {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.waiter = (condition, continuation) }
                settle()
            }
        }

        func clear() { state.withLock { $0.text = "" } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let part = String(buffer: unwrapInboundIn(data))
            state.withLock { $0.text += part }
            settle()
        }

        func channelInactive(context: ChannelHandlerContext) { end() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event as? ChannelEvent == .inputClosed { end() }
        }

        private func end() {
            state.withLock { $0.isClosed = true }
            settle()
        }

        private func settle() {
            state.withLock { state in
                guard let waiter = state.waiter else { return }
                if waiter.condition(state.text) {
                    state.waiter = nil
                    waiter.continuation.resume(returning: state.text)
                } else if state.isClosed {
                    state.waiter = nil
                    waiter.continuation.resume(throwing: Closed(received: state.text))
                }
            }
        }
    }
}

/// A whole HTTP response, cut out of the bytes of a connection.
struct Response {
    var status: Int
    var head: String
    var body: String

    /// `nil` while the response is not complete.
    init?(_ text: String) {
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        head = String(text[..<end.lowerBound])
        status = Int(head.split(separator: " ")[1])!
        let rest = text[end.upperBound...]
        let lengthLine = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        if let length = lengthLine.flatMap({ Int($0.split(separator: " ")[1]) }) {
            guard rest.utf8.count >= length else { return nil }
            body = String(rest)
        } else {
            guard let whole = Self.dechunked(rest) else { return nil }
            body = whole
        }
    }

    private static func dechunked(_ text: Substring) -> String? {
        var bytes = Array(text.utf8)[...]
        var body: [UInt8] = []
        while let end = bytes.firstIndex(of: 13) {
            let size = Int(String(decoding: bytes[..<end], as: UTF8.self), radix: 16)!
            guard bytes.endIndex - end >= size + 4 else { return nil }
            if size == 0 { return String(decoding: body, as: UTF8.self) }
            body += bytes[(end + 2)..<(end + 2 + size)]
            bytes = bytes[(end + 4 + size)...]
        }
        return nil
    }

    /// The payloads of the events of a stream.
    var events: [String] {
        body.split(separator: "\n\n").map { String($0.dropFirst("data: ".count)) }
    }
}

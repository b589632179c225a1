internal import NIOCore
internal import NIOHTTP1

/// One request, and the way to answer it.
public final class Call: Sendable {
    /// The method, such as `POST`.
    public let method: String
    /// The path and the query as they came.
    public let target: String
    /// The body as text.
    public let body: String
    private let head: HTTPRequestHead
    private let channel: any Channel

    init(_ head: HTTPRequestHead, _ body: String, _ channel: any Channel) {
        self.head = head
        self.body = body
        self.channel = channel
        method = head.method.rawValue
        target = head.uri
    }

    /// The path without the query.
    public var path: String { String(target.prefix { $0 != "?" }) }
    /// Method and path, for a switch.
    public var line: String { "\(method) \(path)" }

    /// A header's value.
    public func header(_ name: String) -> String? { head.headers.first(name: name) }

    /// Sends bytes as they are.
    public func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    /// Sends a whole answer.
    public func reply(
        _ body: String,
        status: Int = 200,
        type: String = "application/json",
        headers: String = ""
    )
        async throws
    {
        let length = body.utf8.count
        try await send(
            "HTTP/1.1 \(status) Said\r\nContent-Type: \(type)\r\n\(headers)Content-Length: \(length)\r\n\r\n\(body)"
        )
    }

    /// Begins a chunked stream.
    public func beginStream(type: String = "text/event-stream", headers: String = "") async throws {
        try await send(Self.streamHead(type, headers))
    }

    /// Begins a chunked stream with its first chunk, without a wait: what is sent after this comes after it, whoever
    /// sends it.
    public func openStream(_ text: String, type: String = "text/event-stream") {
        channel.writeAndFlush(ByteBuffer(string: Self.streamHead(type, "") + Self.chunk(text)), promise: nil)
    }

    /// Sends a chunk.
    public func chunk(_ text: String) async throws { try await send(Self.chunk(text)) }

    private static func streamHead(_ type: String, _ headers: String) -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\n\(headers)Transfer-Encoding: chunked\r\n\r\n"
    }

    private static func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }

    /// Sends an event.
    public func event(_ data: String) async throws { try await chunk("data: \(data)\n\n") }

    /// Ends a chunked stream.
    public func endStream() async throws { try await send("0\r\n\r\n") }

    /// Whether the client is still there.
    public var isConnected: Bool { channel.isActive }

    /// Closes the connection.
    public func close() async throws { try await channel.close() }

    /// Returns when the connection is closed by either side.
    public func closed() async throws { try await channel.closeFuture.get() }
}

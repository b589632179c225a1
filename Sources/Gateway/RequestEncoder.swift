internal import NIOCore
internal import NIOHTTP1

/// Writes requests as bytes, as few pieces as it takes: most requests leave in one. A value without I/O.
///
/// How a body is framed has been decided when its head comes here.
struct RequestEncoder {
    /// Bodies from this size on are not copied.
    private static let largeBody = 16 * 1_024

    private var isChunked = false
    /// What is to be written at the next flush.
    private var gathered = ByteBuffer()

    /// Takes the next part; `write` gets the bytes that cannot wait for ``flush()``.
    mutating func add(_ part: HTTPClientRequestPart, write: (ByteBuffer) -> Void) {
        switch part {
        case .head(let head):
            isChunked = head.headers.contains(name: "transfer-encoding")
            gathered.writeHead("\(head.method.rawValue) \(head.uri) HTTP/1.1", head.headers)
        case .body(.byteBuffer(let body)) where body.readableBytes >= Self.largeBody:
            if isChunked { gathered.writeChunkSize(body.readableBytes) }
            if let before = flush() { write(before) }
            write(body)
            if isChunked { gathered.writeStaticString("\r\n") }
        case .body(.byteBuffer(let body)) where isChunked:
            if body.readableBytes > 0 { gathered.writeChunk(body) }
        case .body(.byteBuffer(let body)): gathered.writeImmutableBuffer(body)
        case .body(.fileRegion): preconditionFailure("the gateway sends no files")
        case .end(let trailers):
            if isChunked { gathered.writeLastChunk(trailers) }
        }
    }

    /// What is left to write.
    mutating func flush() -> ByteBuffer? {
        guard gathered.readableBytes > 0 else { return nil }
        defer { gathered = ByteBuffer() }
        return gathered
    }
}

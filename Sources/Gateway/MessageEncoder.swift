internal import NIOCore
internal import NIOHTTP1

/// Writes messages of HTTP/1 as bytes, as few pieces as it takes: short ones leave in one. A value without I/O.
///
/// How a body is framed has been decided when its head comes here. What is small is gathered until ``flush()``; `write`
/// gets the bytes that need not be copied.
struct MessageEncoder {
    /// Pieces of a body from this size on are not copied.
    private static let largePiece = 16 * 1_024

    private var isChunked = false
    /// What is to be written at the next flush.
    private var gathered = ByteBuffer()

    /// Takes the head of a request.
    mutating func add(_ head: HTTPRequestHead) {
        isChunked = head.headers.contains(name: "transfer-encoding")
        gathered.writeHead("\(head.method.rawValue) \(head.uri) HTTP/1.1", head.headers)
    }

    /// Takes the head of a response, or of an informational one before it.
    mutating func add(_ head: HTTPResponseHead) {
        if head.status.code >= 200 { isChunked = head.headers.contains(name: "transfer-encoding") }
        let status = "\(head.status.code) \(head.status.reasonPhrase)"
        gathered.writeHead("HTTP/\(head.version.major).\(head.version.minor) " + status, head.headers)
    }

    /// Takes a piece of the body.
    /// - Parameter frame: The chunk that holds the piece in the message it comes from; it is as good in this one.
    mutating func add(_ body: ByteBuffer, in frame: ByteBuffer? = nil, write: (ByteBuffer) -> Void) {
        guard body.readableBytes > 0 else { return }
        guard isChunked else { return pass(body, write) }
        if let frame { return pass(frame, write) }
        if body.readableBytes < Self.largePiece {
            gathered.writeChunk(body)
            passFull(write)
        } else {
            gathered.writeChunkSize(body.readableBytes)
            pass(body, write)
            gathered.writeStaticString("\r\n")
        }
    }

    /// Takes the end of the message.
    mutating func end(_ trailers: HTTPHeaders?) {
        if isChunked { gathered.writeLastChunk(trailers) }
    }

    /// What is left to write.
    mutating func flush() -> ByteBuffer? {
        guard gathered.readableBytes > 0 else { return nil }
        defer { gathered = ByteBuffer() }
        return gathered
    }

    /// Bytes that need no framing: copied behind what is gathered where that is cheaper than a write of their own.
    private mutating func pass(_ bytes: ByteBuffer, _ write: (ByteBuffer) -> Void) {
        if gathered.readableBytes > 0, bytes.readableBytes < Self.largePiece {
            gathered.writeImmutableBuffer(bytes)
            passFull(write)
        } else {
            if let before = flush() { write(before) }
            write(bytes)
        }
    }

    /// The connection learns of what is gathered before it is much, so that it can say when that is too much.
    private mutating func passFull(_ write: (ByteBuffer) -> Void) {
        if gathered.readableBytes >= Self.largePiece, let full = flush() { write(full) }
    }
}

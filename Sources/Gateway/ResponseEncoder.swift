internal import NIOCore
internal import NIOHTTP1

/// Writes responses as bytes, a chunk in one piece.
///
/// NIO's own encoder makes three writes of every chunk. Streams of events are many small chunks, for which copying them
/// into one buffer with their framing is cheaper. How a body is framed has been decided when its head comes here.
final class ResponseEncoder: ChannelOutboundHandler {
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = ByteBuffer

    /// Chunks from this size on are not copied.
    private static let largeChunk = 16 * 1_024

    private var isChunked = false
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Writes a piece of the body without the way through the handlers in between, which care about heads and ends only:
    /// a stream is thousands of such pieces.
    /// - Parameter frame: The chunk that holds the piece in the engine's answer; it is as good in ours.
    func write(body: ByteBuffer, in frame: ByteBuffer?) {
        guard let context else { return }
        if isChunked, let frame {
            context.write(wrapOutboundOut(frame), promise: nil)
        } else if isChunked, body.readableBytes > 0 {
            write(chunk: body, context, nil)
        } else {
            context.write(wrapOutboundOut(body), promise: nil)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            if head.status.code >= 200 { isChunked = head.headers.contains(name: "transfer-encoding") }
            context.write(wrapOutboundOut(bytes(of: head, context.channel.allocator)), promise: promise)
        case .body(.byteBuffer(let body)) where isChunked && body.readableBytes > 0:
            write(chunk: body, context, promise)
        case .body(.byteBuffer(let body)): context.write(wrapOutboundOut(body), promise: promise)
        case .body(.fileRegion): preconditionFailure("the gateway sends no files")
        case .end(let trailers): context.write(wrapOutboundOut(end(trailers)), promise: promise)
        }
    }

    private func bytes(of head: HTTPResponseHead, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        var bytes = allocator.buffer(capacity: 512)
        let status = "\(head.status.code) \(head.status.reasonPhrase)"
        bytes.writeHead("HTTP/\(head.version.major).\(head.version.minor) " + status, head.headers)
        return bytes
    }

    private func write(chunk: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let isLarge = chunk.readableBytes >= Self.largeChunk
        var framed = context.channel.allocator.buffer(capacity: isLarge ? 16 : chunk.readableBytes + 16)
        guard isLarge else {
            framed.writeChunk(chunk)
            return context.write(wrapOutboundOut(framed), promise: promise)
        }
        framed.writeChunkSize(chunk.readableBytes)
        context.write(wrapOutboundOut(framed), promise: nil)
        context.write(wrapOutboundOut(chunk), promise: nil)
        // The line end of the size serves as the line end of the chunk.
        framed.moveReaderIndex(to: framed.writerIndex - 2)
        context.write(wrapOutboundOut(framed), promise: promise)
    }

    private func end(_ trailers: HTTPHeaders?) -> ByteBuffer {
        guard isChunked else { return ByteBuffer() }
        var bytes = ByteBuffer()
        bytes.writeLastChunk(trailers)
        return bytes
    }
}

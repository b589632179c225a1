internal import JSONBytes
internal import NIOCore
internal import NIOHTTP1

/// Reads the engine's answers out of the bytes of a connection, HTTP/1.1 and 1.0 (RFC 9112). A value without I/O.
///
/// NIO's decoder does the same for any message and costs a fifth of what passing on a short event costs: every read goes
/// through a handler of its own and a C parser that looks at each byte. Answers need less: a head once, and then chunks,
/// which are taken as slices of what was read. What is asked of it is less strict than what ``RequestParser`` asks of
/// clients: an engine is not tricked into reading its own answer in two ways.
struct ResponseParser {
    /// A piece of an answer.
    enum Part: Equatable {
        case head(HTTPResponseHead)
        /// A piece of the body; `frame` holds the chunk around it when the piece is exactly one whole chunk.
        case body(ByteBuffer, frame: ByteBuffer?)
        /// The end of the answer, with its trailers if it has any.
        case end(HTTPHeaders?)
    }

    /// What the engine sent is not HTTP.
    struct Malformed: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// The most bytes that a head may have, and trailers. It is NIO's limit.
    static let maxHeadBytes = 80 * 1_024

    private enum State: Equatable {
        /// No answer is awaited.
        case idle
        case head
        case fixed(remaining: Int)
        case untilClose
        case chunkSize(ChunkSize)
        case chunk(remaining: Int)
        /// The line end behind a chunk's data.
        case chunkEnd
        case trailers
        /// The answer has ended, which is still to be told.
        case ended(HTTPHeaders?)
    }

    private var state = State.idle
    private var isHeadOnly = false
    /// The beginning of a head, or of trailers, whose end has not come.
    private var partial = ByteBuffer()

    /// Whether an answer has begun or is awaited.
    var isBusy: Bool { state != .idle }

    /// Awaits the answer to a request.
    /// - Parameter headOnly: Whether the request was a HEAD, whose answer has no body.
    mutating func expect(headOnly: Bool) {
        state = .head
        isHeadOnly = headOnly
        partial.clear()
    }

    /// The next part in the bytes; `nil` when it takes more of them.
    mutating func next(_ bytes: inout ByteBuffer) throws(Malformed) -> Part? {
        while true {
            switch state {
            case .idle:
                guard bytes.readableBytes == 0 else { throw Malformed(description: "bytes that no request asked for") }
                return nil
            case .head:
                guard let lines = try readBlock(&bytes) else { return nil }
                return .head(try readHead(lines))
            case .ended(let trailers):
                state = .idle
                return .end(trailers)
            case .untilClose:
                guard bytes.readableBytes > 0 else { return nil }
                return .body(bytes.readSlice(length: bytes.readableBytes)!, frame: nil)
            case .fixed(let remaining):
                guard let piece = Self.take(remaining, of: &bytes) else { return nil }
                let left = remaining - piece.readableBytes
                state = left == 0 ? .ended(nil) : .fixed(remaining: left)
                return .body(piece, frame: nil)
            case .chunkSize(var size):
                var rest = bytes
                let isWholeLine = try size.read(&rest)
                let line = bytes.readSlice(length: rest.readerIndex - bytes.readerIndex)!
                state = .chunkSize(size)
                guard isWholeLine else { return nil }
                if size.value == 0 {
                    state = .trailers
                } else if let chunk = wholeChunk(of: size, after: line, &bytes) {
                    state = .chunkSize(ChunkSize())
                    return chunk
                } else {
                    state = .chunk(remaining: size.value)
                }
            case .chunk(let remaining):
                guard let piece = Self.take(remaining, of: &bytes) else { return nil }
                let left = remaining - piece.readableBytes
                state = left == 0 ? .chunkEnd : .chunk(remaining: left)
                return .body(piece, frame: nil)
            case .chunkEnd:
                guard let byte = bytes.readInteger(as: UInt8.self) else { return nil }
                if byte == UInt8(ascii: "\r") { continue }
                guard byte == UInt8(ascii: "\n") else { throw Malformed(description: "a chunk longer than it says") }
                state = .chunkSize(ChunkSize())
            case .trailers:
                guard let lines = try readBlock(&bytes) else { return nil }
                let trailers = try readFields(lines.readableBytesUInt8Span, from: 0)
                state = .ended(trailers.isEmpty ? nil : trailers)
            }
        }
    }

    /// The connection has ended.
    /// - Returns: Whether that is where the answer ends, too.
    mutating func connectionEnded() -> Bool {
        guard case .untilClose = state else { return false }
        state = .idle
        return true
    }

    // MARK: - Bodies

    private static func take(_ limit: Int, of bytes: inout ByteBuffer) -> ByteBuffer? {
        let count = min(limit, bytes.readableBytes)
        return count > 0 ? bytes.readSlice(length: count) : nil
    }

    /// The chunk whose size line has just been read, when all of it is here and nothing but the number stands in its line.
    private func wholeChunk(of size: ChunkSize, after line: ByteBuffer, _ bytes: inout ByteBuffer) -> Part? {
        let isPlain = line.readableBytes == size.digits + 2 && line.endsWithLineEnd(at: size.digits)
        guard isPlain, bytes.endsWithLineEnd(at: size.value) else { return nil }
        // The line and what follows it lie side by side in what was read.
        var frame = bytes
        frame.moveReaderIndex(to: bytes.readerIndex - line.readableBytes)
        frame.moveWriterIndex(to: bytes.readerIndex + size.value + 2)
        let data = bytes.readSlice(length: size.value)!
        bytes.moveReaderIndex(forwardBy: 2)
        return .body(data, frame: frame)
    }

    // MARK: - Heads

    /// The bytes up to a blank line, the line ends included: a head, or trailers.
    private mutating func readBlock(_ bytes: inout ByteBuffer) throws(Malformed) -> ByteBuffer? {
        let known = partial.readableBytes
        if known > 0 {
            partial.writeBuffer(&bytes)
            swap(&partial, &bytes)
            partial.clear()
        }
        guard let length = Self.blockLength(bytes.readableBytesUInt8Span, from: known) else {
            if bytes.readableBytes > Self.maxHeadBytes { throw Malformed(description: "a head without an end") }
            partial = bytes
            bytes.clear()
            return nil
        }
        return bytes.readSlice(length: length)
    }

    /// How many bytes there are up to and including the first blank line, which does not end before `start`.
    private static func blockLength(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        let (feed, turn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        for index in start..<bytes.count where bytes[index] == feed {
            var before = index - 1
            if before >= 0, bytes[before] == turn { before -= 1 }
            if before < 0 || bytes[before] == feed { return index + 1 }
        }
        return nil
    }

    private mutating func readHead(_ lines: ByteBuffer) throws(Malformed) -> HTTPResponseHead {
        let bytes = lines.readableBytesUInt8Span
        var next = 0
        guard let line = bytes.line(from: &next), let (version, status) = Self.statusLine(bytes, line) else {
            throw Malformed(description: "no HTTP/1 status line")
        }
        let head = HTTPResponseHead(version: version, status: status, headers: try readFields(bytes, from: next))
        // Another head follows an informational one.
        if status.code >= 200 || status == .switchingProtocols { state = try bodyState(of: head) }
        return head
    }

    private func bodyState(of head: HTTPResponseHead) throws(Malformed) -> State {
        if isHeadOnly || !head.status.mayHaveResponseBody || head.status == .switchingProtocols { return .ended(nil) }
        let hasLength = head.headers.contains(name: "content-length")
        let codings = head.headers["transfer-encoding"]
        if !codings.isEmpty {
            guard !hasLength else { throw Malformed(description: "both Content-Length and Transfer-Encoding") }
            // Nearly always it is this one; taking lists apart costs more than all the rest of a head.
            if codings == ["chunked"] { return .chunkSize(ChunkSize()) }
            let last = head.headers[canonicalForm: "transfer-encoding"].last
            return last?.lowercased() == "chunked" ? .chunkSize(ChunkSize()) : .untilClose
        }
        guard hasLength else { return .untilClose }
        let lengths = Set(head.headers[canonicalForm: "content-length"])
        let length = lengths.first ?? ""
        guard lengths.count == 1, let count = Int(length), count >= 0, length.utf8.first != UInt8(ascii: "+") else {
            throw Malformed(description: "a Content-Length that is no number")
        }
        return count == 0 ? .ended(nil) : .fixed(remaining: count)
    }

    private func readFields(_ bytes: Span<UInt8>, from start: Int) throws(Malformed) -> HTTPHeaders {
        var headers = HTTPHeaders()
        var next = start
        while let line = bytes.line(from: &next), !line.isEmpty {
            var colon = line.lowerBound
            while colon < line.upperBound, bytes[colon] != UInt8(ascii: ":") {
                guard bytes[colon] > 0x20, bytes[colon] < 0x7F else {
                    throw Malformed(description: "a header name that is none")
                }
                colon += 1
            }
            guard colon > line.lowerBound, colon < line.upperBound else {
                throw Malformed(description: "a header line without a name")
            }
            let value = bytes.withoutBlanks(colon + 1..<line.upperBound)
            headers.add(name: bytes.text(line.lowerBound..<colon), value: bytes.text(value))
        }
        return headers
    }

    /// Version and status of a line such as `HTTP/1.1 200 OK`.
    private static func statusLine(_ bytes: Span<UInt8>, _ line: Range<Int>) -> (HTTPVersion, HTTPResponseStatus)? {
        let start = line.lowerBound
        guard line.count >= 12, bytes.equals(start..<start + 7, "HTTP/1."), bytes[start + 8] == UInt8(ascii: " "),
            line.count == 12 || bytes[start + 12] == UInt8(ascii: " ")
        else { return nil }
        let version: HTTPVersion
        switch bytes[start + 7] {
        case UInt8(ascii: "1"): version = .http1_1
        case UInt8(ascii: "0"): version = .http1_0
        default: return nil
        }
        var code = 0
        for index in start + 9..<start + 12 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { return nil }
            code = code * 10 + Int(bytes[index] & 0xF)
        }
        guard code >= 100 else { return nil }
        let reason = line.count > 13 ? bytes.text(start + 13..<line.upperBound) : ""
        return (version, HTTPResponseStatus(statusCode: code, reasonPhrase: reason))
    }
}

/// The line before a chunk that tells its size, read as it comes.
struct ChunkSize: Equatable {
    private(set) var value = 0
    /// How many digits the number has.
    private(set) var digits = 0
    private var isPastNumber = false

    /// Reads on; whether the line is whole.
    mutating func read(_ bytes: inout ByteBuffer) throws(ResponseParser.Malformed) -> Bool {
        while let byte = bytes.readInteger(as: UInt8.self) {
            switch byte {
            case UInt8(ascii: "\n"):
                guard digits > 0 else { throw ResponseParser.Malformed(description: "a chunk without a size") }
                return true
            case _ where isPastNumber: break
            case UInt8(ascii: "0")...UInt8(ascii: "9"): try add(byte & 0xF)
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): try add((byte & 0xF) + 9)
            // An extension, blanks, or the line end: none of them says anything that matters here.
            case UInt8(ascii: ";"), UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): isPastNumber = true
            default: throw ResponseParser.Malformed(description: "a chunk size that is no number")
            }
        }
        return false
    }

    private mutating func add(_ digit: UInt8) throws(ResponseParser.Malformed) {
        guard digits < 15 else { throw ResponseParser.Malformed(description: "a chunk size beyond all measure") }
        digits += 1
        value = value << 4 | Int(digit)
    }
}

extension ByteBuffer {
    /// Whether a carriage return and a line feed stand at a place in the readable bytes.
    fileprivate func endsWithLineEnd(at offset: Int) -> Bool {
        readableBytes >= offset + 2 && getInteger(at: readerIndex + offset, as: UInt16.self) == 0x0D0A
    }
}

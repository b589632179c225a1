internal import JSONBytes
internal import NIOCore
internal import NIOHTTP1

/// Reads clients' requests out of the bytes of a connection, HTTP/1.1 and 1.0 (RFC 9112). A value without I/O.
///
/// It is strict where two readers of the same bytes could see different requests (request smuggling): line ends are CRLF,
/// no field is folded, no blank stands before a colon, a body is framed in one way only. A gateway that let such bytes
/// through would pass the doubt on to the engine.
struct RequestParser {
    /// A piece of a request.
    enum Part: Equatable {
        case head(HTTPRequestHead)
        case body(ByteBuffer)
        /// The end of the request, with its trailers if it has any.
        case end(HTTPHeaders?)
    }

    /// What the client sent cannot be taken; nothing behind it can be understood either.
    struct Malformed: Error, Equatable, CustomStringConvertible {
        var status = HTTPResponseStatus.badRequest
        let description: String
    }

    /// The most bytes that a head, or trailers, may have.
    static let maxHeadBytes = 80 * 1_024
    /// The most fields in a head, or in trailers.
    static let maxFields = 256
    /// The most bytes in the line before a chunk.
    private static let maxChunkLine = 1_024

    private enum State: Equatable {
        case head
        case fixed(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        /// The line end behind a chunk's data.
        case chunkEnd
        case trailers
        /// The request has ended, which is still to be told.
        case ended(HTTPHeaders?)
        /// Nothing more is read.
        case failed
    }

    private var state = State.head
    /// The beginning of a line or a block of lines whose end has not come.
    private var partial = ByteBuffer()

    /// The next part in the bytes; `nil` when it takes more of them.
    mutating func next(_ bytes: inout ByteBuffer) throws(Malformed) -> Part? {
        do {
            return try read(&bytes)
        } catch {
            state = .failed
            throw error
        }
    }

    private mutating func read(_ bytes: inout ByteBuffer) throws(Malformed) -> Part? {
        while true {
            switch state {
            case .head:
                guard let block = try readBlock(&bytes) else { return nil }
                // Some clients send an empty line behind a body (RFC 9112 §2.2).
                if block.readableBytes == 2 { continue }
                return .head(try readHead(block.readableBytesUInt8Span))
            case .ended(let trailers):
                state = .head
                return .end(trailers)
            case .fixed(let remaining):
                guard let piece = Self.take(remaining, of: &bytes) else { return nil }
                let left = remaining - piece.readableBytes
                state = left == 0 ? .ended(nil) : .fixed(remaining: left)
                return .body(piece)
            case .chunkSize:
                guard let line = try readLine(&bytes, atMost: Self.maxChunkLine) else { return nil }
                let size = try Self.chunkSize(line.readableBytesUInt8Span)
                state = size == 0 ? .trailers : .chunk(remaining: size)
            case .chunk(let remaining):
                guard let piece = Self.take(remaining, of: &bytes) else { return nil }
                let left = remaining - piece.readableBytes
                state = left == 0 ? .chunkEnd : .chunk(remaining: left)
                return .body(piece)
            case .chunkEnd:
                guard let line = try readLine(&bytes, atMost: 2) else { return nil }
                guard line.readableBytes == 0 else { throw Malformed(description: "a chunk longer than it says") }
                state = .chunkSize
            case .trailers:
                guard let block = try readBlock(&bytes) else { return nil }
                let trailers = try Self.fields(block.readableBytesUInt8Span, from: 0)
                state = .ended(trailers.isEmpty ? nil : trailers)
            case .failed:
                bytes = ByteBuffer()
                return nil
            }
        }
    }

    // MARK: - Lines

    private static func take(_ limit: Int, of bytes: inout ByteBuffer) -> ByteBuffer? {
        let count = min(limit, bytes.readableBytes)
        return count > 0 ? bytes.readSlice(length: count) : nil
    }

    /// The bytes up to a blank line, the line ends included: a head, or trailers.
    private mutating func readBlock(_ bytes: inout ByteBuffer) throws(Malformed) -> ByteBuffer? {
        let known = join(&bytes)
        guard let length = Self.blockLength(bytes.readableBytesUInt8Span, from: known) else {
            if bytes.readableBytes > Self.maxHeadBytes { throw Self.tooLong }
            keep(&bytes)
            return nil
        }
        if length > Self.maxHeadBytes { throw Self.tooLong }
        return bytes.readSlice(length: length)
    }

    private static let tooLong = Malformed(
        status: .requestHeaderFieldsTooLarge,
        description: "a head of more than \(maxHeadBytes) bytes"
    )

    /// How many bytes there are up to and including the first blank line, which does not end before `start`.
    private static func blockLength(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        for index in start..<bytes.count where bytes[index] == UInt8(ascii: "\n") {
            // The blank line itself is the first, or stands behind another line end. A line feed alone ends the block
            // too, only to be refused when its lines are read.
            var before = index - 1
            if before >= 0, bytes[before] == UInt8(ascii: "\r") { before -= 1 }
            if before < 0 || bytes[before] == UInt8(ascii: "\n") { return index + 1 }
        }
        return nil
    }

    /// The bytes up to a line end, without it.
    private mutating func readLine(_ bytes: inout ByteBuffer, atMost limit: Int) throws(Malformed) -> ByteBuffer? {
        let known = join(&bytes)
        guard let end = Self.lineFeed(bytes.readableBytesUInt8Span, from: known) else {
            if bytes.readableBytes > limit { throw Malformed(description: "a chunk whose line has no end") }
            keep(&bytes)
            return nil
        }
        let before: UInt8? = bytes.getInteger(at: bytes.readerIndex + end - 1)
        guard end > 0, end <= limit, before == UInt8(ascii: "\r") else {
            throw Malformed(description: "a chunk whose line does not end in CRLF")
        }
        let line = bytes.readSlice(length: end - 1)
        bytes.moveReaderIndex(forwardBy: 2)
        return line
    }

    private static func lineFeed(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        for index in start..<bytes.count where bytes[index] == UInt8(ascii: "\n") { return index }
        return nil
    }

    /// Puts what was kept in front of the bytes.
    /// - Returns: How many bytes of it are known not to hold what is looked for.
    private mutating func join(_ bytes: inout ByteBuffer) -> Int {
        let known = partial.readableBytes
        guard known > 0 else { return 0 }
        partial.writeBuffer(&bytes)
        swap(&partial, &bytes)
        partial = ByteBuffer()
        return known
    }

    /// Keeps the bytes for the next call.
    private mutating func keep(_ bytes: inout ByteBuffer) {
        partial = bytes
        bytes = ByteBuffer()
    }

    // MARK: - Heads

    private mutating func readHead(_ bytes: Span<UInt8>) throws(Malformed) -> HTTPRequestHead {
        var next = 0
        let line = try Self.line(bytes, from: &next)
        var head = try Self.requestLine(bytes, line)
        head.headers = try Self.fields(bytes, from: next)
        state = try Self.bodyState(of: head)
        return head
    }

    /// The line that begins at `start`, without its end, which has to be CRLF.
    private static func line(_ bytes: Span<UInt8>, from start: inout Int) throws(Malformed) -> Range<Int> {
        let first = start
        guard let line = bytes.line(from: &start), line.upperBound == start - 2, line.lowerBound == first else {
            throw Malformed(description: "a line that does not end in CRLF")
        }
        return line
    }

    /// Method, target and version, with one blank between each.
    private static func requestLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(Malformed) -> HTTPRequestHead {
        var end = line.lowerBound
        while end < line.upperBound, bytes[end].isTokenByte { end += 1 }
        let method = line.lowerBound..<end
        let versionStart = line.upperBound - 8
        guard !method.isEmpty, method.count <= 32, versionStart - 1 > end, bytes[end] == UInt8(ascii: " "),
            bytes[versionStart - 1] == UInt8(ascii: " ")
        else { throw Malformed(description: "no request line") }
        let version: HTTPVersion
        if bytes.equals(versionStart..<line.upperBound, "HTTP/1.1") {
            version = .http1_1
        } else if bytes.equals(versionStart..<line.upperBound, "HTTP/1.0") {
            version = .http1_0
        } else {
            throw Malformed(description: "no version of HTTP/1 behind the target")
        }
        let target = end + 1..<versionStart - 1
        for index in target where bytes[index] <= 0x20 || bytes[index] == 0x7F {
            throw Malformed(description: "a target with blanks or control characters in it")
        }
        let uri = bytes.text(target)
        let verb = HTTPMethod(rawValue: bytes.text(method))
        guard uri.isTarget(of: verb) else { throw Malformed(description: "a target that is no path") }
        return HTTPRequestHead(version: version, method: verb, uri: uri)
    }

    /// The fields from a place up to the blank line.
    private static func fields(_ bytes: Span<UInt8>, from start: Int) throws(Malformed) -> HTTPHeaders {
        var headers = HTTPHeaders()
        var next = start
        while true {
            let line = try line(bytes, from: &next)
            if line.isEmpty { return headers }
            var colon = line.lowerBound
            while colon < line.upperBound, bytes[colon].isTokenByte { colon += 1 }
            guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == UInt8(ascii: ":") else {
                throw Malformed(description: "a header line without a name and a colon behind it")
            }
            let value = bytes.withoutBlanks(colon + 1..<line.upperBound)
            for index in value where !bytes[index].isValueByte {
                throw Malformed(description: "a header with control characters in its value")
            }
            guard headers.count < maxFields else {
                throw Malformed(status: .requestHeaderFieldsTooLarge, description: "more than \(maxFields) headers")
            }
            headers.add(name: bytes.text(line.lowerBound..<colon), value: bytes.text(value))
        }
    }

    /// How the body is framed (RFC 9112 §6).
    private static func bodyState(of head: HTTPRequestHead) throws(Malformed) -> State {
        let lengths = head.headers["content-length"]
        if head.headers.contains(name: "transfer-encoding") {
            guard lengths.isEmpty else { throw Malformed(description: "both Content-Length and Transfer-Encoding") }
            guard head.version == .http1_1 else { throw Malformed(description: "a Transfer-Encoding in HTTP/1.0") }
            let codings = head.headers["transfer-encoding"]
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw Malformed(status: .notImplemented, description: "a Transfer-Encoding that is not 'chunked'")
            }
            return .chunkSize
        }
        guard let length = lengths.first else { return .ended(nil) }
        guard lengths.count == 1, let count = decimal(length) else {
            throw Malformed(description: "a Content-Length that is no number")
        }
        return count == 0 ? .ended(nil) : .fixed(remaining: count)
    }

    /// A number of digits alone.
    private static func decimal(_ text: String) -> Int? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(text)
    }

    /// The size in the line before a chunk. Extensions mean nothing to us.
    private static func chunkSize(_ line: Span<UInt8>) throws(Malformed) -> Int {
        var size = 0
        var digits = 0
        while digits < line.count, let digit = line[digits].hexadecimalDigit {
            guard digits < 15 else { throw Malformed(description: "a chunk size beyond all measure") }
            size = size << 4 | digit
            digits += 1
        }
        guard digits > 0, digits == line.count || line[digits] == UInt8(ascii: ";") else {
            throw Malformed(description: "a chunk size that is no number")
        }
        for index in digits..<line.count where !line[index].isValueByte {
            throw Malformed(description: "a chunk extension with control characters in it")
        }
        return size
    }
}

extension String {
    /// Whether a request of a method can be for this: a path, a whole URL, `*`, or for CONNECT a host.
    fileprivate func isTarget(of method: HTTPMethod) -> Bool {
        guard let first = utf8.first else { return false }
        return first == UInt8(ascii: "/") || method == .CONNECT || self == "*" || firstRange(of: "://") != nil
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    fileprivate var hexadecimalDigit: Int? {
        if isDigit { return Int(self & 0xF) }
        let letter = self | 0x20
        return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f") ? Int(letter - UInt8(ascii: "a")) + 10 : nil
    }

    /// Whether names of headers and methods may hold it: `tchar` in RFC 9110 §5.6.2.
    fileprivate var isTokenByte: Bool {
        let letter = self | 0x20
        if letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z") || isDigit { return true }
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }

    /// Whether values of headers may hold it (RFC 9110 §5.5).
    fileprivate var isValueByte: Bool { self >= 0x20 && self != 0x7F || self == UInt8(ascii: "\t") }
}

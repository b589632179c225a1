import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Gateway

@Suite struct RequestParserTests {
    typealias Part = RequestParser.Part

    /// What the parser makes of requests that come in pieces of a size; neighbouring pieces of a body are joined.
    private func parse(_ text: String, pieces: Int = .max) throws -> [Part] {
        var parser = RequestParser()
        var parts: [Part] = []
        var rest = ByteBuffer(string: text)
        while var piece = rest.readSlice(length: min(pieces, rest.readableBytes)), piece.readableBytes > 0 {
            while let part = try parser.next(&piece) { add(part, to: &parts) }
        }
        return parts
    }

    private func add(_ part: Part, to parts: inout [Part]) {
        if case .body(let new) = part, case .body(var old) = parts.last {
            old.writeImmutableBuffer(new)
            parts[parts.count - 1] = .body(old)
        } else {
            parts.append(part)
        }
    }

    /// What NIO's decoder makes of them.
    private func decode(_ text: String) throws -> [Part] {
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPRequestDecoder()))
        try channel.writeInbound(ByteBuffer(string: text))
        var parts: [Part] = []
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head): add(.head(head), to: &parts)
            case .body(let bytes): add(.body(bytes), to: &parts)
            case .end(let trailers): add(.end(trailers), to: &parts)
            }
        }
        return parts
    }

    static let requests = [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "HEAD /a?b=c%20d&e HTTP/1.1\r\nHost:h\r\nX-Empty:\r\nX-Wide: \t a b\r\nX-UTF-8: ä\r\n\r\n",
        "GET http://h:80/x?y HTTP/1.1\r\nHost: h:80\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        "POST /x HTTP/1.1\r\nHost: h\r\ncontent-length: 0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n00B\r\n, my world!\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n4;a=b\r\n\r\n\r\n\r\n1\r\n.\r\n0\r\nA: b\r\nC: d\r\n\r\n",
        "PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
        "DELETE /x HTTP/1.1\r\nHost: h\r\nConnection: close, x\r\nX: y\r\n\r\n",
        "PATCH /x HTTP/1.1\r\nA: 1\r\na: 2\r\nA: 3\r\nContent-Length: 1\r\n\r\n.",
        "POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nok\r\n\r\nGET /y HTTP/1.1\r\n\r\n",
    ]

    /// One behind the other; NIO reads nothing behind a request that closes.
    static let pipelined = requests.filter { !$0.contains("close") && !$0.contains("HTTP/1.0") }.joined()

    @Test(arguments: requests + [pipelined], [1, 2, 3, 7, 64, .max])
    func aRequestIsReadAsNIOReadsIt(_ request: String, _ pieces: Int) throws {
        let (ours, theirs) = (try parse(request, pieces: pieces), try decode(request))
        #expect(ours == theirs, "\(ours)\n\(theirs)")
    }

    @Test func blanksAroundAValueAreNoPartOfIt() throws {
        let parts = try parse("GET / HTTP/1.1\r\nA:\t \tx \t y\t \r\nB: \t\r\n\r\n")
        #expect(
            parts.first == .head(.init(version: .http1_1, method: .GET, uri: "/", headers: ["A": "x \t y", "B": ""]))
        )
    }

    static let malformed = [
        // No request at all.
        "NONSENSE\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "\u{16}\u{03}\u{01}\r\n\r\n", "GET /\r\n\r\n",
        "GET / \r\n\r\n",
        " GET / HTTP/1.1\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET /  HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n", "GET /\ta HTTP/1.1\r\n\r\n", "GET / http/1.1\r\n\r\n", "GET / HTTP/1.2\r\n\r\n",
        "GET / HTTP/11\r\n\r\n", "GET / XHTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "G@T / HTTP/1.1\r\n\r\n",
        "GET path HTTP/1.1\r\n\r\n", "\nGET / HTTP/1.1\r\n\r\n",
        // Fields.
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n", "GET / HTTP/1.1\r\nA : x\r\n\r\n",
        "GET / HTTP/1.1\r\nA\t: x\r\n\r\n", "GET / HTTP/1.1\r\n A: x\r\n\r\n",
        "GET / HTTP/1.1\r\nA: x\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nA: x\r\n\tfolded: y\r\n\r\n", "GET / HTTP/1.1\r\nA(: x\r\n\r\n",
        "GET / HTTP/1.1\r\nA: x\u{0}y\r\n\r\n", "GET / HTTP/1.1\r\nA: x\u{7F}\r\n\r\n",
        // Line ends.
        "GET / HTTP/1.1\nHost: h\n\n", "GET / HTTP/1.1\r\nHost: h\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\n",
        "GET / HTTP/1.1\rHost: h\r\n\r\n", "GET / HTTP/1.1\r\nA: x\rB: y\r\n\r\n", "GET / HTTP/1.1\r\r\n\r\n",
        // Two ways to find the end of the body.
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\nhello", "POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\nhello", "POST / HTTP/1.1\r\nContent-Length: 0x5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nContent-Length: 5 5\r\n\r\nhello", "POST / HTTP/1.1\r\nContent-Length:\r\n\r\nhello",
        "POST / HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n\r\nhello",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        // Chunks.
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n 2\r\nab\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nab\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\nab\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;a\nb\r\nab\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;a\rb\r\nab\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000002\r\nab\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA : b\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;" + String(repeating: "x", count: 5_000),
    ]

    @Test(arguments: malformed) func whatIsNoRequestIsRefused(_ request: String) {
        for pieces in [1, 2, 5, Int.max] {
            let error = #expect(throws: RequestParser.Malformed.self) { try parse(request, pieces: pieces) }
            #expect(error?.status == .badRequest)
        }
    }

    @Test(arguments: ["gzip, chunked", "gzip", "chunked, chunked", "xchunked", "identity"])
    func codingsThatAreNotUnderstoodAreRefusedAsSuch(_ coding: String) {
        let error = #expect(throws: RequestParser.Malformed.self) {
            try parse("POST / HTTP/1.1\r\nTransfer-Encoding: \(coding)\r\n\r\n0\r\n\r\n")
        }
        #expect(error?.status == .notImplemented)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 100_000) + "\r\n\r\n",
        "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 100_000),
        "GET / HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 300) + "\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + String(repeating: "X: y\r\n", count: 300)
            + "\r\n",
    ])
    func aHeadIsNoLongerThanItMayBe(_ request: String) {
        for pieces in [1_000, Int.max] {
            let error = #expect(throws: RequestParser.Malformed.self) { try parse(request, pieces: pieces) }
            #expect(error?.status == .requestHeaderFieldsTooLarge)
        }
    }

    @Test func nothingIsReadBehindWhatIsNoRequest() throws {
        var parser = RequestParser()
        var bytes = ByteBuffer(string: "GET / HTTP/1.1\r\nA : x\r\n\r\nGET /hidden HTTP/1.1\r\n\r\n")
        #expect(throws: RequestParser.Malformed.self) { try parser.next(&bytes) }
        #expect(try parser.next(&bytes) == nil)
        var more = ByteBuffer(string: "GET /later HTTP/1.1\r\n\r\n")
        #expect(try parser.next(&more) == nil)
    }

    @Test func aRequestBrokenOffHasNoEnd() throws {
        for request in Self.requests.dropLast() {
            for length in 0..<request.utf8.count {
                guard let beginning = String(request.utf8.prefix(length)) else { continue }
                if case .end = try parse(beginning).last {
                    Issue.record("\(length) bytes of \(request) are not all of it")
                }
            }
        }
    }

    @Test func arbitraryBytesNeverCrash() {
        var generator = SystemRandomNumberGenerator()
        let words = [
            "GET ", "POST ", "/", " HTTP/1.1", "\r\n", "\n", "\r", ":", "Content-Length", "Transfer-Encoding",
            "chunked", " ",
            "5", "0", "f", ";", "hello", "\t", "\u{0}", "ä",
        ]
        for _ in 0..<5_000 {
            let text = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
                words.randomElement(using: &generator)!
            }
            let whole = Result { try parse(text.joined()) }
            let pieces = Result { try parse(text.joined(), pieces: Int.random(in: 1...4)) }
            // Where the pieces are cut decides nothing.
            #expect((try? whole.get()) == (try? pieces.get()), "\(text)")
        }
    }
}

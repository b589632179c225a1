import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Gateway

@Suite struct ResponseParserTests {
    typealias Part = ResponseParser.Part

    /// What the parser makes of an answer that comes in pieces of a size; neighbouring pieces of a body are joined.
    private func parse(
        _ text: String,
        pieces: Int = .max,
        headOnly: Bool = false,
        closes: Bool = false
    ) throws -> [Part] {
        var parser = ResponseParser()
        parser.expect(headOnly: headOnly)
        var parts: [Part] = []
        var rest = ByteBuffer(string: text)
        while var piece = rest.readSlice(length: min(pieces, rest.readableBytes)), piece.readableBytes > 0 {
            while let part = try parser.next(&piece) { add(part, to: &parts) }
        }
        if closes, parser.connectionEnded() { parts.append(.end(nil)) }
        return parts
    }

    private func add(_ part: Part, to parts: inout [Part]) {
        if case .body(let new, _) = part, case .body(var old, _) = parts.last {
            old.writeImmutableBuffer(new)
            parts[parts.count - 1] = .body(old, frame: nil)
        } else if case .body(let new, _) = part {
            parts.append(.body(new, frame: nil))
        } else {
            parts.append(part)
        }
    }

    /// What NIO's decoder makes of it.
    private func decode(_ text: String, closes: Bool) throws -> [Part] {
        let decoder = HTTPResponseDecoder(informationalResponseStrategy: .forward)
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([HTTPRequestEncoder(), ByteToMessageHandler(decoder)])
        try channel.connect(to: .init(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.writeOutbound(HTTPClientRequestPart.head(.init(version: .http1_1, method: .GET, uri: "/")))
        try channel.writeInbound(ByteBuffer(string: text))
        if closes { _ = try channel.finish(acceptAlreadyClosed: true) }
        var parts: [Part] = []
        while let part = try channel.readInbound(as: HTTPClientResponsePart.self) {
            switch part {
            case .head(let head): add(.head(head), to: &parts)
            case .body(let bytes): add(.body(bytes, frame: nil), to: &parts)
            case .end(let trailers): add(.end(trailers), to: &parts)
            }
        }
        return parts
    }

    static let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length:0\r\nX-Empty:\r\nX-Wide: \t a b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n00B\r\n, my world!\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\n\r\n\r\n\r\n1\r\n.\r\n0\r\nA: b\r\nC: d\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
        "HTTP/1.1 304\r\nContent-Length: 12\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
    ]
    static let endless = [
        "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\ndata: 2\n\n",
        "HTTP/1.1 200 Fine by me\r\nConnection: close\r\n\r\n",
    ]

    @Test(arguments: answers, [1, 2, 3, 7, .max])
    func anAnswerIsReadAsNIOReadsIt(_ answer: String, _ pieces: Int) throws {
        let (ours, theirs) = (try parse(answer, pieces: pieces), try decode(answer, closes: false))
        #expect(ours == theirs, "\(ours)\n\(theirs)")
    }

    @Test(arguments: endless, [1, 2, 3, 7, .max])
    func anAnswerMayEndWithTheConnection(_ answer: String, _ pieces: Int) throws {
        #expect(try parse(answer, pieces: pieces, closes: true) == decode(answer, closes: true))
        #expect(try parse(answer, pieces: pieces).last != .end(nil))
    }

    @Test func theAnswerToAHeadHasNoBody() throws {
        let parts = try parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", headOnly: true)
        #expect(parts.count == 2)
        #expect(parts.last == .end(nil))
    }

    @Test func aWholeChunkComesWithItsFrame() throws {
        var parser = ResponseParser()
        parser.expect(headOnly: false)
        var bytes = ByteBuffer(string: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\ndata: {}\n\n\r\n")
        _ = try parser.next(&bytes)
        #expect(
            try parser.next(&bytes)
                == .body(ByteBuffer(string: "data: {}\n\n"), frame: ByteBuffer(string: "a\r\ndata: {}\n\n\r\n"))
        )
        #expect(try parser.next(&bytes) == nil)
    }

    @Test(arguments: ["a;x=1\r\ndata: {}\n\n\r\n", "a\ndata: {}\n\n\r\n", "a \r\ndata: {}\n\n\r\n"])
    func aChunkWrittenInAnUnusualWayHasNoFrame(_ chunk: String) throws {
        var parser = ResponseParser()
        parser.expect(headOnly: false)
        var bytes = ByteBuffer(string: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)
        _ = try parser.next(&bytes)
        #expect(try parser.next(&bytes) == .body(ByteBuffer(string: "data: {}\n\n"), frame: nil))
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\n folded: line\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA B: c\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore",
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 100_000),
    ])
    func whatIsNoAnswerIsRefused(_ bytes: String) {
        #expect(throws: ResponseParser.Malformed.self) { try parse(bytes) }
        #expect(throws: ResponseParser.Malformed.self) { try parse(bytes, pieces: 5) }
    }

    @Test func anAnswerBrokenOffHasNoEnd() throws {
        for answer in Self.answers {
            for length in 0..<answer.utf8.count {
                let parts = try parse(String(answer.utf8.prefix(length))!, closes: true)
                if case .end = parts.last { Issue.record("\(length) bytes of \(answer) are no whole answer") }
            }
        }
    }
}

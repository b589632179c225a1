import NIOCore
import NIOHTTP1
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct PassThroughTests {
    @Test(arguments: ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "REPORT"])
    func everyMethodPathHeaderAndBodyPasses(method: String) async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send(
                "\(method) /a%20b//c?x=1&y=%2F HTTP/1.1\r\nHost: localhost\r\nX-Odd: a\r\nX-Odd: b\r\nContent-Length: 4\r\n\r\nbody"
            )
            let call = try await rig.upstream.nextCall()
            #expect(call.head.method.rawValue == method)
            #expect(call.head.uri == "/a%20b//c?x=1&y=%2F")
            #expect(call.head.headers["x-odd"] == ["a", "b"])
            #expect(call.head.headers["host"] == ["127.0.0.1:\(rig.upstream.port)"])
            #expect(call.text == "body")
            try await call.send("HTTP/1.1 207 Multi-Status\r\nX-Back: 1\r\nX-Back: 2\r\nContent-Length: 3\r\n\r\nyes")
            let answer = try await client.answer(to: method)
            #expect(answer.status == 207 && answer.body == "yes" && answer["content-length"] == "3")
            #expect(answer.headers.filter { $0.name == "x-back" }.map(\.value) == ["1", "2"])
            #expect(answer["x-loopguard-run-id"] == nil)
        }
    }

    @Test func headersOfOneConnectionStayOnIt() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send(
                """
                GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nTE: trailers\r
                Trailer: X\r\nProxy-Authorization: secret\r\nProxy-Connection: keep-alive\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n
                """
            )
            let call = try await rig.upstream.nextCall()
            for name in [
                "connection", "x-mine", "keep-alive", "te", "trailer", "proxy-authorization", "proxy-connection",
            ] {
                #expect(!call.head.headers.contains(name: name), "\(name)")
            }
            #expect(call.head.headers["x-forwarded-for"] == ["9.9.9.9"])
            try await call.send(
                "HTTP/1.1 200 OK\r\nConnection: X-Theirs\r\nX-Theirs: 1\r\nKeep-Alive: 5\r\nContent-Length: 0\r\n\r\n"
            )
            let answer = try await client.answer()
            #expect(answer["x-theirs"] == nil && answer["keep-alive"] == nil && answer["connection"] == nil)
        }
    }

    @Test func chunkedRequestsKeepTheirBodyAndTrailers() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send(
                "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-End: 1\r\n\r\n"
            )
            let call = try await rig.upstream.nextCall()
            #expect(call.text == "abcde" && call.trailers?["x-end"] == ["1"])
            try await call.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n"
            )
            let answer = try await client.answer(to: "POST")
            #expect(answer.body == "hi" && answer.trailers == "X-Sum: 7")
        }
    }

    @Test(arguments: [
        ("HEAD", "200 OK", "Content-Length: 5\r\n"), ("HEAD", "200 OK", "Transfer-Encoding: chunked\r\n"),
        ("GET", "204 No Content", ""), ("GET", "304 Not Modified", "ETag: \"x\"\r\n"),
    ])
    func answersWithoutBodyKeepTheConnectionUsable(method: String, status: String, header: String) async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            for _ in 0..<2 {
                try await client.send("\(method) /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let call = try await rig.upstream.nextCall()
                try await call.send("HTTP/1.1 \(status)\r\n\(header)\r\n")
                let answer = try await client.answer(to: method)
                #expect(answer.status == Int(status.prefix(3)))
                if header.hasPrefix("Content-Length") { #expect(answer["content-length"] == "5") }
            }
            #expect(rig.upstream.connections >= 1)
        }
    }

    @Test func informationalAnswersComeBeforeTheRealOne() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let call = try await rig.upstream.nextCall()
            try await call.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            #expect(try await client.answer().status == 103)
            try await call.reply()
            #expect(try await client.answer().status == 200)
        }
    }

    @Test func aClientThatWaitsForContinueIsAnsweredByUs() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send(
                "POST /x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            )
            #expect(try await client.answer().status == 100)
            try await client.send("ok")
            let call = try await rig.upstream.nextCall()
            #expect(call.text == "ok" && !call.head.headers.contains(name: "expect"))
            try await call.send("HTTP/1.1 100 Continue\r\n\r\n")
            try await call.reply()
            #expect(try await client.answer().status == 200)
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send((0..<5).map { "GET /\($0) HTTP/1.1\r\nHost: localhost\r\n\r\n" }.joined())
            for index in 0..<5 {
                let call = try await rig.upstream.nextCall()
                #expect(call.head.uri == "/\(index)")
                try await call.reply("200 OK", "answer \(index)")
                #expect(try await client.answer().body == "answer \(index)")
            }
        }
    }

    @Test func aClientMaySendFarAheadOfItsAnswers() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            let ahead = 5_000
            try await client.send("POST /first HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok")
            let call = try await rig.upstream.nextCall()
            async let sent: Void = client.send(
                String(repeating: "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", count: ahead)
                    + "GET /last HTTP/1.1\r\nHost: h\r\n\r\n"
            )
            try await call.reply("200 OK", "first")
            #expect(try await client.answer().body == "first")
            for _ in 0..<ahead { #expect(try await client.answer().body.contains("ok")) }
            try await sent
            let last = try await rig.upstream.nextCall()
            #expect(last.head.uri == "/last")
            try await last.reply("200 OK", "last")
            #expect(try await client.answer().body == "last")
        }
    }

    @Test func whatIsNotHTTPBehindARequestDoesNotTouchItsAnswer() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\nGET /y HTTP/1.1\r\nBad Header: x\r\n\r\n")
            let call = try await rig.upstream.nextCall()
            try await call.reply("200 OK", "whole")
            #expect(try await client.answer().body == "whole")
            #expect(try await client.answer().status == 400)
            try await client.closed()
        }
    }

    @Test func headersBeyondAllMeasureAreRefusedAsSuch() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            let fields = (0..<400).map { "X-\($0): y\r\n" }.joined()
            try await client.send("GET /x HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
            #expect(try await client.answer().status == 431)
            try await client.closed()
        }
    }

    @Test func oldClientsGetABodyThatEndsWithTheConnection() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send("GET /x HTTP/1.0\r\n\r\n")
            let call = try await rig.upstream.nextCall()
            try await call.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
            let text = try await client.rest()
            #expect(text.hasPrefix("HTTP/1.0 200 OK\r\n") && text.hasSuffix("\r\n\r\nhi"))
            #expect(!text.lowercased().contains("transfer-encoding"))
        }
    }

    @Test func anOfferOfHTTP2IsIgnored() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send(
                "GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n"
            )
            let call = try await rig.upstream.nextCall()
            #expect(!call.head.headers.contains(name: "upgrade") && !call.head.headers.contains(name: "http2-settings"))
            try await call.reply()
            #expect(try await client.answer().status == 200)
            try await client.closed()
        }
    }

    @Test(arguments: [
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n",
    ])
    func otherProtocolsAreRefusedClearly(request: String) async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send(request)
            let answer = try await client.answer()
            #expect(answer.status == 501 && answer.body.contains(#""code":"not_implemented""#))
            try await client.closed()
            #expect(rig.upstream.connections == 0)
        }
    }

    @Test(arguments: [
        "NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\nBad Header: x\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ])
    func whatIsNotHTTPIsRefusedClearly(request: String) async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send(request)
            let answer = try await client.answer()
            #expect(answer.status == 400 && answer.body.contains("invalid_request_error"))
            try await client.closed()
        }
    }

    @Test func longUploadsAndDownloadsPassWhole() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            let block = [UInt8](repeating: 120, count: 1_000_000)
            try await client.send("PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n")
            for _ in 0..<100 { try await client.send(block) }
            let call = try await rig.upstream.nextCall()
            #expect(call.bodyLength == 100_000_000)
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
            try await client.countOnly()
            try await call.send(head)
            for _ in 0..<100 { try await call.send(block) }
            #expect(try await client.count(reaches: 100_000_000 + head.utf8.count) == 100_000_000 + head.utf8.count)
        }
    }

    @Test func anAnswerBeforeTheEndOfTheRequestIsPassedOn() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345")
            let call = try await rig.upstream.nextHead()
            try await call.reply("413 Payload Too Large")
            #expect(try await client.answer().status == 413)
            // The half-sent request spoils the engine's connection and the rest of it is not taken for a new one.
            try await call.connectionClosed()
            try await client.send("67890GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await client.answer().status == 200)
        }
    }

    @Test(arguments: [Rig.chat, "/healthz"]) func aBodyThatIsNotHTTPIsRefusedClearly(path: String) async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            let method = path == Rig.chat ? "POST" : "GET"
            try await client.send(
                "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            )
            #expect(try await client.answer().status == 400)
            try await client.closed()
            #expect(rig.upstream.connections == 0)
        }
    }

    @Test func aBodyThatIsNotHTTPCutsWhatIsUnderWay() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            let call = try await rig.upstream.nextHead()
            try await client.send("zz\r\n")
            try await call.connectionClosed()
            try await client.closed()
        }
    }
}

import CurlHTTP
import Foundation
import ScriptedServer
import Synchronization
import Testing

@Suite struct TheHTTPClient {
    let client = HTTPClient()

    @Test func sendsMethodHeadersAndBodyAndGetsAWholeAnswer() async throws {
        let server = try await ScriptedServer.start { call in
            let text = "\(call.method) \(call.target) \(call.header("X-One") ?? "-") \(call.body)"
            try await call.reply(text, status: 201, type: "text/plain; charset=utf-8", headers: "X-Two: a: b\r\n")
        }
        var request = HTTPRequest.json("PUT", server.url + "/a?b=c", #"{"d":1}"#)
        request.headers.append(("X-One", "eins"))
        let answer = try await client.send(request)
        #expect(answer.status == 201)
        #expect(answer.text == #"PUT /a?b=c eins {"d":1}"#)
        #expect(answer.mediaType == "text/plain")
        #expect(answer[header: "x-two"] == "a: b")
        await server.stop()
    }

    @Test func sendsAnEmptyBody() async throws {
        let server = try await ScriptedServer.start { try await $0.reply($0.header("Content-Length") ?? "none") }
        #expect(try await client.send(HTTPRequest("POST", server.url, body: [])).text == "0")
        #expect(try await client.send(HTTPRequest("GET", server.url)).text == "none")
        await server.stop()
    }

    @Test func aStatusOfAnErrorIsAnAnswer() async throws {
        let server = try await ScriptedServer.start { try await $0.reply("no", status: 404) }
        let answer = try await client.send(HTTPRequest("GET", server.url))
        #expect(answer.status == 404 && answer.text == "no")
        await server.stop()
    }

    @Test func redirectsAreNotFollowed() async throws {
        let server = try await ScriptedServer.start {
            try await $0.reply("", status: 302, headers: "Location: /elsewhere\r\n")
        }
        #expect(try await client.send(HTTPRequest("GET", server.url)).status == 302)
        await server.stop()
    }

    @Test func interimAnswersAreNotTheAnswer() async throws {
        let server = try await ScriptedServer.start { call in
            try await call.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
            try await call.reply("done")
        }
        let answer = try await client.send(HTTPRequest("GET", server.url))
        #expect(answer.status == 200 && answer[header: "Link"] == nil)
        await server.stop()
    }

    @Test func requestsInTurnShareAConnectionThatStaysOpen() async throws {
        let server = try await ScriptedServer.start { call in
            try await call.reply("", headers: call.path == "/last" ? "Connection: close\r\n" : "")
            if call.path == "/last" { try await call.close() }
        }
        let answers = try await client.sendInTurn(
            ["/", "/", "/last", "/"].map { HTTPRequest("GET", server.url + $0) }
        )
        #expect(answers.map(\.reusedConnection) == [false, true, true, false])
        #expect(server.connectionCount == 2)
        await server.stop()
    }

    @Test func aStreamIsHandedOnAsItComesAndStoppedByItsReceiver() async throws {
        let (gone, leaving) = AsyncStream.makeStream(of: Void.self)
        let server = try await ScriptedServer.start { call in
            try await call.beginStream()
            try await call.event("one")
            try await call.closed()
            leaving.finish()
        }
        let seen = Mutex<[String]>([])
        let answer = try await client.stream(HTTPRequest("GET", server.url)) { head in
            seen.withLock { $0.append("\(head.status) \(head.mediaType)") }
            return .goOn
        } onBody: { bytes in
            seen.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
            return .stop
        }
        #expect(answer.wasStopped)
        #expect(seen.withLock(\.self) == ["200 text/event-stream", "data: one\n\n"])
        for await _ in gone {}
        await server.stop()
    }

    /// The server never says a word, so nothing but the cancel can end the call.
    @Test func aCancelledTaskClosesItsConnectionWhileTheServerIsSilent() async throws {
        let (arrived, arriving) = AsyncStream.makeStream(of: Void.self)
        let (gone, leaving) = AsyncStream.makeStream(of: Void.self)
        let server = try await ScriptedServer.start { call in
            arriving.finish()
            try await call.closed()
            leaving.finish()
        }
        var request = HTTPRequest("GET", server.url)
        request.timeout = nil
        let task = Task { [client, request] in try await client.stream(request) { _ in .goOn } }
        for await _ in arrived {}
        task.cancel()
        #expect(try await task.value.wasStopped)
        for await _ in gone {}
        await server.stop()
    }

    @Test func aTaskThatWasCancelledBeforehandSendsNothing() async throws {
        let task = Task { [client] in
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.send(HTTPRequest("GET", "http://127.0.0.1:9"))
        }
        await #expect(throws: HTTPError.self) { try await task.value }
    }

    @Test func reachesAUnixSocket() async throws {
        let path = NSTemporaryDirectory() + "\(UUID().uuidString.prefix(8)).sock"
        let server = try await ScriptedServer.start(unixSocket: path) { try await $0.reply($0.header("Host") ?? "") }
        var options = TransportOptions()
        options.unixSocket = path
        #expect(try await HTTPClient(options).send(HTTPRequest("GET", "http://engine/")).text == "engine")
        await server.stop()
    }

    @Test func asksAProxy() async throws {
        let proxy = try await ScriptedServer.start { try await $0.reply($0.target) }
        var options = TransportOptions()
        options.proxy = proxy.url
        let answer = try await HTTPClient(options).send(HTTPRequest("GET", "http://engine.invalid/x"))
        #expect(answer.text == "http://engine.invalid/x")
        await proxy.stop()
    }
}

@Suite struct AnHTTPError {
    private func failure(
        _ request: HTTPRequest,
        _ options: TransportOptions = TransportOptions()
    ) async throws -> HTTPError {
        do throws(HTTPError) {
            let answer = try await HTTPClient(options).send(request)
            throw HTTPError(.other, url: request.url, "answered with \(answer.status)")
        } catch {
            return error
        }
    }

    @Test func saysWhereWhatAndWhatToDo() async throws {
        let server = try await ScriptedServer.start { _ in }
        await server.stop()
        let error = try await failure(HTTPRequest("GET", server.url + "/x"))
        #expect(error.kind == .unreachable)
        #expect(error.description.hasPrefix(server.url + "/x: Failed to connect to 127.0.0.1 port \(server.port)"))
        #expect(error.description.hasSuffix("; check that the server runs and listens there"))
    }

    @Test(arguments: ["", "127.0.0.1:80", "file:///etc/passwd", "ftp://a/", "http:", "http://a b/", "http://[::1"])
    func namesAURLThatCannotBeUsed(url: String) async throws {
        let error = try await failure(HTTPRequest("GET", url))
        #expect(error.kind == .invalid)
        #expect(error.description.contains("write http://HOST:PORT"))
    }

    @Test(arguments: [("", "x"), ("A\r\nB", "x"), ("A", "x\r\nB: y"), ("A", "x\0")])
    func namesAHeaderThatCannotBeSent(name: String, value: String) async throws {
        var request = HTTPRequest("GET", "http://127.0.0.1:9")
        request.headers.append((name, value))
        #expect(try await failure(request).kind == .invalid)
    }

    @Test func tellsThatATimeIsUp() async throws {
        let server = try await ScriptedServer.start { try await $0.closed() }
        var request = HTTPRequest("GET", server.url)
        request.timeout = .milliseconds(50)
        #expect(try await failure(request).kind == .timedOut)
        await server.stop()
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour"])
    func tellsThatAnAnswerBrokeOff(beginning: String) async throws {
        let server = try await ScriptedServer.start { call in
            try await call.send(beginning)
            try await call.close()
        }
        #expect(try await failure(HTTPRequest("GET", server.url)).kind == .brokenOff)
        await server.stop()
    }

    @Test func tellsThatAnAnswerIsTooLong() async throws {
        let server = try await ScriptedServer.start { try await $0.reply(String(repeating: "x", count: 2_000)) }
        var request = HTTPRequest("GET", server.url)
        request.bodyLimit = 1_999
        #expect(try await failure(request).kind == .tooLong)
        await server.stop()
    }

    @Test func advisesWhenTheServerSpeaksNoTLS() async throws {
        let server = try await ScriptedServer.start { try await $0.reply("") }
        let url = server.url.replacingOccurrences(of: "http:", with: "https:")
        let error = try await failure(HTTPRequest("GET", url))
        #expect(error.kind == .insecure)
        #expect(error.advice.contains("only http"))
        await server.stop()
    }

    @Test func namesAFileOfCertificatesThatIsNotThere() async throws {
        var options = TransportOptions()
        options.certificateAuthorities = "/nowhere.pem"
        let server = try await ScriptedServer.start { try await $0.reply("") }
        let url = server.url.replacingOccurrences(of: "http:", with: "https:")
        #expect(try await failure(HTTPRequest("GET", url), options).kind == .insecure)
        await server.stop()
    }
}

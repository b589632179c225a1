import NIOHTTP1
import Runs
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct AccessTests {
    private func access(_ configure: (inout GatewayConfiguration) -> Void = { _ in }) throws -> ControlAccess {
        var configuration = GatewayConfiguration(upstream: try UpstreamURL("http://e"))
        configure(&configuration)
        return ControlAccess(configuration)
    }

    private func head(_ method: HTTPMethod = .POST, _ headers: (String, String)...) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: method, uri: "/v1/runs/r/stop", headers: HTTPHeaders(headers))
    }

    private func status(
        _ access: ControlAccess,
        _ head: HTTPRequestHead,
        _ route: ControlRoute = .stop(.run, id: "r")
    )
        -> UInt
    {
        switch access.judge(head, for: route) {
        case .allowed: 200
        case .refused(let reply): reply.status.code
        }
    }

    private func viewer(_ access: ControlAccess, _ head: HTTPRequestHead) -> Viewer? {
        if case .allowed(let viewer) = access.judge(head, for: .listRuns) { viewer } else { nil }
    }

    @Test func thePersonAtTheDeskNeedsNoKeyAndOthersSeeTheirOwn() throws {
        let access = try access()
        #expect(viewer(access, head(.GET)) == .operator)
        let owner = try #require(viewer(access, head(.GET, ("Authorization", "Bearer a"))))
        #expect(owner != .operator && owner == viewer(access, head(.GET, ("x-api-key", "a"))))
        #expect(owner != viewer(access, head(.GET, ("Authorization", "Bearer b"))))
    }

    @Test func withAKeyOnlyTheKeyShowsAll() throws {
        let access = try access { $0.controlKey = "0123456789abcdef" }
        #expect(viewer(access, head(.GET, ("X-Loopguard-Key", "0123456789abcdef"))) == .operator)
        #expect(viewer(access, head(.GET, ("Authorization", "Bearer 0123456789abcdef"))) == .operator)
        #expect(viewer(access, head(.GET, ("X-Loopguard-Key", "0123456789abcdeg"))) == nil)
        #expect(viewer(access, head(.GET, ("Authorization", "Bearer mine"))) != .operator)
        #expect(status(access, head(.GET), .listRuns) == 401)
    }

    @Test func aPageOfAnotherSiteStopsNothing() throws {
        let access = try access()
        let (host, json) = (("Host", "127.0.0.1:4141"), ("Content-Type", "application/json"))
        #expect(status(access, head(.POST, host, json, ("Origin", "http://127.0.0.1:4141"))) == 200)
        #expect(status(access, head(.POST, host, ("Origin", "http://127.0.0.1:4141"))) == 403)
        #expect(
            status(access, head(.POST, host, ("X-Loopguard-Source", "x"), ("Origin", "http://127.0.0.1:4141"))) == 200
        )
        for origin in ["http://evil.example", "null", "http://127.0.0.1:4142", "http://127.0.0.1:4141.evil.example"] {
            #expect(status(access, head(.POST, host, json, ("Origin", origin))) == 403, "\(origin)")
        }
        #expect(status(access, head(.POST, host, json, ("Sec-Fetch-Site", "cross-site"))) == 403)
        #expect(status(access, head(.POST, host, json, ("Sec-Fetch-Site", "same-origin"))) == 200)
        // Programs are no browsers: exo's and vLLM's clients send no body and no type.
        #expect(status(access, head(.POST, host)) == 200)
        let open = try self.access { $0.allowedOrigins = ["https://desk.example"] }
        #expect(status(open, head(.POST, host, json, ("Origin", "https://desk.example"))) == 200)
    }

    @Test func aNameThatWasPointedHereReachesNothing() throws {
        let access = try access()
        for host in ["evil.example", "evil.example:4141", "127.0.0.1.evil.example", "localhost.evil.example"] {
            #expect(status(access, head(.GET, ("Host", host)), .listRuns) == 403, "\(host)")
        }
        for host in ["127.0.0.1", "localhost:4141", "[::1]:4141", "box.localhost"] {
            #expect(status(access, head(.GET, ("Host", host)), .listRuns) == 200, "\(host)")
        }
        let named = try self.access { $0.allowedHosts = ["box.example"] }
        #expect(status(named, head(.GET, ("Host", "box.example:1")), .listRuns) == 200)
    }

    @Test func A12_principalsNeitherSeeNorStopEachOthersRuns() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            let body = #"{"model":"m","stream":true}"#
            try await client.send(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer mine\r\n"
                    + "X-Run-Id: mine\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            let call = try await rig.upstream.nextCall()
            try await call.beginStream()
            let stranger = [("Authorization", "Bearer yours")]
            for (method, path) in [
                ("GET", "/v1/runs/mine"), ("POST", "/v1/runs/mine/stop"), ("POST", "/v1/cancel/mine"),
                ("DELETE", "/v1/requests/mine"), ("GET", "/v1/runs/mine/text"), ("GET", "/v1/runs/mine/events"),
                ("POST", "/api/chat/cancel?stream_id=mine"),
            ] { #expect(try await rig.ask(method, path, stranger).status == 404, "\(method) \(path)") }
            #expect(try await rig.ask("GET", "/v1/runs", stranger).body.contains(#""data":[]"#))
            #expect(try await rig.ask("POST", "/v1/runs/cancel", stranger, #"{"all":true}"#).status == 403)
            #expect(try await rig.ask("GET", "/v1/runs/mine", [("X-Api-Key", "mine")]).status == 200)
            #expect(try await rig.ask("POST", "/v1/runs/mine/stop", [("X-Api-Key", "mine")]).status == 202)
            try await call.connectionClosed()
        }
    }

    @Test func anOptionsRequestForOurPathsIsNotTheEngines() async throws {
        try await Rig.run { rig in
            let answer = try await rig.ask("OPTIONS", "/v1/runs/x/stop")
            #expect(answer["access-control-allow-origin"] == nil && answer.status == 405)
            #expect(rig.upstream.connections == 0)
        }
    }
}

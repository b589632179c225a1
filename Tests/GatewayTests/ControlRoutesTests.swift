import Logging
import NIOHTTP1
import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct ControlRoutesTests {
    @Test func onlyOurOwnRoutesAreOurs() {
        #expect(ControlRoute(.POST, "/v1/cancel/a%3Ab") == .stop(.command, id: "a:b"))
        #expect(ControlRoute(.DELETE, "/v1/requests/x") == .stop(.request, id: "x"))
        #expect(ControlRoute(.POST, "/v1/requests/x/cancel") == .stop(.request, id: "x"))
        #expect(ControlRoute(.GET, "/v1/requests") == .listRequests)
        for (method, path) in [
            (HTTPMethod.GET, "/v1/cancel/x"), (.POST, "/v1/requests"), (.GET, "/v1/requests/x"), (.POST, "/healthz"),
            (.GET, "/"), (.GET, ""), (.GET, "*"), (.POST, "/v1/cancel/a/b"), (.GET, "/healthz/x"),
        ] { #expect(ControlRoute(method, Substring(path)) == nil, "\(method) \(path)") }
    }

    @Test func aHealthyGatewayIsHealthyAndReady() async throws {
        try await Rig.run { rig in
            #expect(try await rig.ask("GET", "/healthz").body == #"{"status":"ok"}"#)
            #expect(try await rig.ask("GET", "/readyz").status == 200)
            let head = try await rig.ask("HEAD", "/healthz")
            #expect(head.status == 200 && rig.upstream.connections <= 1)
        }
    }

    @Test func metricsAreOursWhenTheyAreRenderedHere() async throws {
        try await Rig.run {
            $0.metricsText = { "loopguard_up 1\n" }
        } _: { rig in
            let answer = try await rig.ask("GET", "/metrics?x=1")
            #expect(answer.body == "loopguard_up 1\n" && answer["content-type"]?.hasPrefix("text/plain") == true)
        }
    }

    @Test func theListTellsWhatRunsAndRan() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.event("a") + Rig.event("b"))
            _ = try await client.received { $0.contains("chatcmpl-1") }
            let live = try await rig.ask("GET", "/v1/requests").body
            #expect(live.contains(#""state":"streaming""#) && live.contains(#""events":2"#))
            #expect(live.contains(#""path":"/v1/chat/completions""#))
            try await call.chunk(Rig.ending)
            try await call.endStream()
            _ = try await client.answer(to: "POST")
            let ended = try await rig.ask("GET", "/v1/requests").body
            #expect(ended.contains(#""state":"completed""#) && ended.contains(#""events":4"#))
        }
    }

    @Test func everyFinishedRunIsLoggedOnce() async throws {
        let lines = Lines()
        try await Rig.run {
            $0.logger = Logger(label: "test") { _ in LineHandler(lines: lines) }
        } _: { rig in
            let (client, call) = try await rig.generation(stream: false)
            try await call.reply()
            _ = try await client.answer(to: "POST")
            // The client has its answer before the line is written.
            try await until { lines.all.contains { $0.message == "run finished" } }
            let finished = lines.all.filter { $0.message == "run finished" }
            #expect(finished.count == 1)
            let metadata = try #require(finished.first?.metadata)
            #expect(metadata["outcome"] == "completed" && metadata["status"] == "200" && metadata["bytes"] == "2")
        }
    }

    final class Lines: Sendable {
        private let lines = Mutex<[(message: String, metadata: Logger.Metadata)]>([])
        var all: [(message: String, metadata: Logger.Metadata)] { lines.withLock { $0 } }
        func add(_ message: String, _ metadata: Logger.Metadata) { lines.withLock { $0.append((message, metadata)) } }
    }

    struct LineHandler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { lines.add("\(event.message)", event.metadata ?? [:]) }
    }
}

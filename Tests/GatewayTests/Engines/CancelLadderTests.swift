import CancelBoard
import Engines
import Exposition
import Logging
import Metrics
import Synchronization
import Testing

@testable import Gateway

/// The rungs that all engines share.
@Suite(.timeLimit(.minutes(1))) struct CancelLadderTests {
    /// An engine that can be looked at and never stops by itself.
    private static func stubborn(_ name: String) -> EngineAdapter {
        var adapter = EngineAdapter(name)
        adapter.idleness = [
            IdleCheck("/busy") { answer, _ in Int(String(decoding: answer.body, as: UTF8.self)).map(EngineLoad.total) }
        ]
        return adapter
    }

    private static func nature(_ notices: FakeEngine.Notice = .never) -> FakeEngine.Nature {
        var nature = FakeEngine.Nature(notices: notices)
        nature.answer = { _, engine in ("200 OK", "\(engine.running.count)") }
        return nature
    }

    @Test func A10_anEngineThatWorksOnIsCountedAndAlarmed() async throws {
        let lines = Lines()
        _ = Self.metrics
        try await FakeEngine.run(Self.stubborn("stubborn"), Self.nature()) {
            $0.cancelTimes = .impatient
            $0.logger = lines.logger
        } _: { rig, engine in
            let (client, id) = try await rig.streaming()
            try await rig.stop(id)
            #expect(try await client.answer(to: "POST").body.contains(#""finish_reason":"length""#))
            #expect(try await rig.engineWord(of: id) == "false close")
            try await until { lines.all.contains { $0.hasPrefix("warning the engine works on") && $0.contains(id) } }
        }
        let page = Self.metrics.render()
        #expect(page.contains(#"loopguard_engine_unconfirmed_total{engine="stubborn"} 1"#))
        let total = page.split(separator: "\n").first {
            $0.hasPrefix("loopguard_engine_cancel_total{") && $0.contains(#"engine="stubborn""#)
        }
        #expect(total?.contains(#"via="close""#) == true && total?.contains(#"result="unconfirmed""#) == true)
    }

    @Test func S13_anEngineThatDiesWhileItStopsHasStopped() async throws {
        try await FakeEngine.run(Self.stubborn("mortal"), Self.nature()) { rig, engine in
            let (_, id) = try await rig.streaming()
            try await rig.stop(id)
            try await until { engine.asked("GET /busy") }
            try await rig.upstream.stop()
            #expect(try await rig.engineWord(of: id) == "true close")
            #expect(try await rig.ask("GET", "/v1/requests").body.contains(#""state":"stopped""#))
        }
    }

    @Test func aVanishedClientsRunIsSeenToStopToo() async throws {
        try await FakeEngine.run(Self.stubborn("left"), Self.nature(.atOnce)) { rig, engine in
            let (client, id) = try await rig.streaming()
            try await client.leave(.reset)
            #expect(try await rig.engineWord(of: id) == "true close")
        }
    }

    @Test func aRunThatEndsByItselfIsNotLookedAt() async throws {
        try await FakeEngine.run(Self.stubborn("natural"), Self.nature()) { rig, engine in
            let (client, id) = try await rig.streaming()
            try await engine.finish(id)
            #expect(try await client.answer(to: "POST").body.contains(#""finish_reason":"stop""#))
            #expect(try await !rig.ask("GET", "/v1/requests").body.contains("confirmed"))
            #expect(!engine.asked("GET"))
        }
    }

    @Test func otherRunsAreNotTakenForTheOneThatWasCut() async throws {
        try await FakeEngine.run(Self.stubborn("shared"), Self.nature(.atOnce)) { rig, engine in
            let (_, id) = try await rig.streaming()
            let (_, _) = try await rig.streaming()
            try await rig.stop(id)
            #expect(try await rig.engineWord(of: id) == "true close")
            #expect(engine.running.count == 1)
        }
    }

    @Test func X9_theConnectionOfACutRunIsNeverUsedAgain() async throws {
        try await FakeEngine.run(.sgLang, FakeEngine.Nature()) { rig, engine in
            let (client, id) = try await rig.streaming()
            try await rig.stop(id)
            _ = try await client.answer(to: "POST")
            try await until { engine.log.contains { $0.hasPrefix("closed") } }
            let before = rig.upstream.connections
            let (second, next) = try await rig.streaming()
            #expect(rig.upstream.connections > before)
            let rid = try #require(engine.running.first)
            #expect(!next.isEmpty)
            try await engine.finish(rid)
            #expect(try await second.answer(to: "POST").status == 200)
        }
    }

    @Test func theBoardsWordComesBeforeAllOtherRungs() async throws {
        let flags = try Flags()
        try await Rig.run {
            $0.board = flags.board
            $0.engine = .named(.exo)
            // The first look is where the ladder goes on if the board keeps silent.
            $0.cancelTimes.looks = [.seconds(30)]
        } _: { rig in
            let (client, call) = try await rig.generation()
            let handle = try Flags.handle(of: call)
            #expect(flags.engine.admit(handle) == .admitted)
            try await call.beginStream()
            try await call.chunk(Rig.event("Hello"))
            let text = try await client.received { $0.contains("Hello") }
            let id = String(try #require(text.firstMatch(of: /run_[0-9a-f]+/)).output)
            try await rig.stop(id)
            #expect(flags.engine.finish(handle, .cancelled, tokens: 7, step: 9))
            #expect(try await rig.engineWord(of: id) == "true board")
        }
    }

    // MARK: Support

    /// The metrics of this process, as a scraper sees them.
    private static let metrics: PrometheusMetrics = {
        let metrics = PrometheusMetrics(GatewayServer.metricDescriptions)
        MetricsSystem.bootstrap(metrics)
        return metrics
    }()

    /// What was logged.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

        private struct Handler: LogHandler {
            let lines: Lines
            var metadata: Logger.Metadata = [:]
            var logLevel = Logger.Level.notice

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) {
                lines.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
            }
        }
    }
}

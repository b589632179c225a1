import GenerationWire
import Guard
import Logging
import LoopDetection
import NIOCore
import Rules
import Synchronization
import Testing

@testable import Gateway

private let loop = "I will now check the file again and then I will check it once more. "

/// Rules of which nothing goes further than a mode.
private func rules(_ mode: Mode) -> @Sendable (RequestFacts) -> Resolution {
    { facts in
        var resolution = RuleSet.default.resolve(facts)
        resolution.settings.mode = mode
        return resolution
    }
}

/// Keeps what is logged about shadows.
private struct ShadowLog: LogHandler {
    final class Lines: Sendable {
        let kept = Mutex<[Logger.Metadata]>([])
    }

    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        if event.message == "shadow rules differ" { lines.kept.withLock { $0.append(event.metadata ?? [:]) } }
    }
}

@Suite(.timeLimit(.minutes(1))) struct ShadowTests {
    /// Sends a loop and the engine's ending through a gateway; what the client got, and what was logged.
    private func run(
        live: @escaping @Sendable (RequestFacts) -> Resolution,
        shadow: (@Sendable (RequestFacts) -> Resolution)?,
        text: String = loop
    ) async throws -> (body: String, lines: [Logger.Metadata]) {
        let lines = ShadowLog.Lines()
        let body = Mutex("")
        try await Rig.run {
            $0.rules = live
            $0.shadowRules = shadow
            $0.logger = Logger(label: "test") { _ in ShadowLog(lines: lines) }
        } _: { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            // Sending fails once the gateway has cut the connection.
            for _ in 0..<300 where (try? await call.chunk(Rig.event(text))) == nil { break }
            try? await call.chunk(Rig.ending)
            try? await call.endStream()
            let answer = try await client.answer(to: "POST")
            body.withLock { $0 = answer.body }
        }
        return (body.withLock { $0 }, lines.kept.withLock { $0 })
    }

    @Test func aShadowTellsWhatItWouldHaveStoppedAndStopsNothing() async throws {
        let alone = try await run(live: rules(.warn), shadow: nil)
        let watched = try await run(live: rules(.warn), shadow: rules(.stop))
        #expect(watched.body == alone.body && alone.body.hasSuffix(Rig.ending))
        #expect(alone.lines.isEmpty && watched.lines.count == 1)
        #expect(watched.lines[0]["kind"] == "newly_stopped" && watched.lines[0]["detector"] == "tail_repeat")
    }

    @Test func aShadowThatHadNotStoppedTheRunByThenIsTold() async throws {
        let (body, lines) = try await run(live: rules(.stop), shadow: rules(.observe))
        #expect(body.contains(#""finish_reason":"length""#))
        #expect(lines.map { $0["kind"] } == ["later_or_never"])
    }

    @Test func aShadowThatAgreesSaysNothing() async throws {
        #expect(try await run(live: rules(.stop), shadow: rules(.stop)).lines.isEmpty)
    }

    @Test func theEventsDecideWhoWasEarlier() throws {
        var early = DetectorSettings()
        early.tailRepeat.prose = [PeriodBand(upTo: 4_096, span: 256, repeats: 3)]
        func shadow(_ detectors: DetectorSettings) -> Shadow {
            var settings = GuardSettings()
            settings.detectors = detectors
            let request = GenerationRequest(format: .chatCompletions)
            var shadow = Shadow(GuardedStream(request: request, settings: settings, runID: "a"))
            for _ in 0..<100 { shadow.note(ByteBuffer(string: Rig.event(loop))) }
            return shadow
        }
        var same = shadow(DetectorSettings())
        same.finish()
        let event = try #require(same.stop?.event)
        #expect(same.difference == .newlyStopped)
        for (live, difference) in [(event, nil), (event + 1, .earlier), (event - 1, Shadow.Difference.laterOrNever)] {
            var other = shadow(DetectorSettings())
            other.noteLiveStop(at: live)
            other.finish()
            #expect(other.difference == difference)
        }
        var sooner = shadow(early)
        sooner.noteLiveStop(at: event)
        sooner.finish()
        #expect(sooner.difference == .earlier)
    }
}

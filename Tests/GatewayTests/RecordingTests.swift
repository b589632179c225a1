import Cancellation
import Foundation
import GenerationWire
import Guard
import JSONBytes
import Logging
import LoopDetection
import NIOHTTP1
import Recordings
import Rules
import Testing

@testable import Gateway

/// A gateway that records into a folder, which is removed with the test.
private final class RecordingRig {
    let folder = NSTemporaryDirectory() + "loopguard-gateway-" + UUID().uuidString
    let recorder: RunRecorder

    init(starts: Bool = true, _ configure: (inout RecorderConfiguration) -> Void = { _ in }) throws {
        var configuration = RecorderConfiguration(directory: folder)
        configure(&configuration)
        recorder = try RunRecorder(
            configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        if starts { recorder.start() }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// What was recorded, once the gateway and the recorder have stopped.
    func run(
        rules: String? = nil,
        shadow: Bool = false,
        _ test: (Rig) async throws -> Void
    ) async throws -> [RecordedRun] {
        let rules = try rules.map { try RuleSet.parse(yaml: "version: 1\n" + $0, file: "test.yaml") }
        try await Rig.run(
            { configuration in
                configuration.recorder = recorder
                if let rules { configuration.rules = { rules.resolve($0) } }
                if shadow { configuration.shadowRules = { RuleSet.default.resolve($0) } }
            },
            test
        )
        recorder.stop()
        return try RecordingDirectory(folder).segments()
            .flatMap { try RunSummary.runs(inSegment: $0.path).runs }.map { try RecordedRun($0) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct RecordingTests {
    static let loop = String(repeating: "I'll do it. ", count: 300)
    static let body = #"{"model":"m","stream":true,"messages":[{"role":"user","content":"go on"}]}"#

    /// Sends a stream in pieces of random lengths.
    private static func send(_ text: String, by call: ScriptedUpstream.Call, seed: UInt64) async throws {
        var random = Pieces(state: seed)
        var rest = Array(text.utf8)[...]
        try await call.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        while !rest.isEmpty {
            let count = min(rest.count, 1 + Int(random.next() % 400))
            try await call.send(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        try await call.close()
    }

    private struct Pieces {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }

    @Test func whatShadowRulesWouldHaveStoppedStandsInTheRecording() async throws {
        let stream = (0..<300).map { _ in Rig.event("I'll do it. ") }.joined() + Rig.ending
        let runs = try await RecordingRig().run(rules: "mode: off\n", shadow: true) { rig in
            let client = try await rig.client()
            try await client.post(Rig.chat, Self.body)
            try await Self.send(stream, by: rig.upstream.nextCall(), seed: 1)
            #expect(try await client.answer(to: "POST").body == stream)
        }
        #expect(runs[0].verdicts.map(\.mode) == ["shadow"])
        #expect(runs[0].verdicts[0].detector == "tail_repeat" && runs[0].verdicts[0].event > 80)
        #expect(runs[0].end?.state == "completed")
    }

    @Test(arguments: 1...5) func aHealthyStreamIsRecordedByteForByteBothWays(seed: UInt64) async throws {
        let stream = (0..<20).map { Rig.event("Grüße \($0 * 7919)") }.joined() + Rig.ending
        let runs = try await RecordingRig().run { rig in
            let client = try await rig.client()
            try await client.post(Rig.chat, Self.body)
            try await Self.send(stream, by: rig.upstream.nextCall(), seed: seed)
            #expect(try await client.answer(to: "POST").body == stream)
        }
        let run = try #require(runs.first)
        #expect(runs.count == 1 && run.came == Array(stream.utf8) && run.went == Array(stream.utf8))
        #expect(run.request?.body == Array(Self.body.utf8) && run.askedBody == Array(Self.body.utf8))
        #expect(run.request?.format == "chat" && run.request?.model == "m" && run.head?.status == 200)
        #expect(run.end == RecordedEnd(state: "completed", status: 200, events: 22) && run.verdicts.isEmpty)
        let times = run.records.map(\.time)
        #expect(times == times.sorted() && times.last ?? 0 > 0)
    }

    @Test(arguments: 1...5) func aLoopIsRecordedWithItsEndingAndReplaysToTheSameVerdict(seed: UInt64) async throws {
        let stream = (0..<600).map { Rig.event("I'll do it. \($0 % 3)") }.joined()
        var answer = ""
        let runs = try await RecordingRig().run { rig in
            let client = try await rig.client()
            try await client.post(Rig.chat, Self.body)
            let call = try await rig.upstream.nextCall()
            // The engine is cut off in the middle of it.
            try? await Self.send(stream, by: call, seed: seed)
            answer = try await client.answer(to: "POST").body
        }
        let run = try #require(runs.first)
        #expect(String(decoding: run.went, as: UTF8.self) == answer)
        #expect(run.came.count < stream.utf8.count && Array(stream.utf8).starts(with: run.came))
        let verdict = try #require(run.verdicts.first)
        #expect(run.end?.state == "capped" && run.end?.reason == "guard:\(verdict.detector)" && verdict.mode == "stop")

        let asked = try #require(run.askedBody)
        let request = GenerationRequest(format: .chatCompletions, body: asked.span)
        var guarded = GuardedStream(request: request, settings: GuardSettings(), runID: "replay")
        let outcome = guarded.receive(run.came.span)
        #expect(outcome.trip.map { RecordedVerdict($0, event: guarded.events) } == verdict)
    }

    @Test func anAnswerInOnePieceIsRecordedAsItCameAndAsItWent() async throws {
        let stream = Rig.event("a") + Rig.event("b") + Rig.ending
        var answer = ""
        let runs = try await RecordingRig().run { rig in
            let client = try await rig.client()
            try await client.post(Rig.chat, #"{"model":"m"}"#)
            try await Self.send(stream, by: rig.upstream.nextCall(), seed: 3)
            answer = try await client.answer(to: "POST").body
        }
        let run = try #require(runs.first)
        #expect(run.came == Array(stream.utf8) && String(decoding: run.went, as: UTF8.self) == answer)
        #expect(run.request?.body == Array(#"{"model":"m"}"#.utf8))
        #expect(String(decoding: try #require(run.askedBody), as: UTF8.self).contains(#""stream":true"#))
    }

    @Test func whatPassesUnguardedAndWhatFailsIsRecordedToo() async throws {
        var answer = ""
        let runs = try await RecordingRig().run { rig in
            let client = try await rig.client()
            try await client.post(Rig.chat, Self.body)
            try await rig.upstream.nextCall().reply("429 Too Many Requests", #"{"error":1}"#)
            #expect(try await client.answer(to: "POST").status == 429)
            try await client.post(Rig.chat, Self.body)
            try await rig.upstream.nextCall().close()
            // The kept connection may have been dead all along: the engine is asked once more.
            try await rig.upstream.nextCall().close()
            answer = try await client.answer(to: "POST").body
        }
        #expect(runs.map { $0.end?.status } == [429, 502] && runs.map { $0.end?.state } == ["completed", "failed"])
        #expect(runs.first?.went == Array(#"{"error":1}"#.utf8) && runs.first?.came == runs.first?.went)
        #expect(runs.last?.came == [] && String(decoding: runs.last?.went ?? [], as: UTF8.self) == answer)
    }

    @Test func aClientThatLeavesIsRecorded() async throws {
        let runs = try await RecordingRig().run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.event("one"))
            try await client.received { $0.contains("one") }
            try await client.leave(.reset)
            try await call.connectionClosed()
        }
        #expect(runs.map { $0.end?.state } == ["disconnected"])
        #expect(runs.first?.end?.reason == "client_disconnect" && runs.first?.came == Array(Rig.event("one").utf8))
    }

    @Test func aFullQueueHarmsNoStream() async throws {
        let stream = (0..<200).map { Rig.event("Grüße \($0 * 7919)") }.joined() + Rig.ending
        // Nobody takes from the queue.
        let recording = try RecordingRig(starts: false) { $0.queueBytes = 5_000 }
        let runs = try await recording.run { rig in
            let client = try await rig.client()
            for seed in UInt64(1)...5 {
                try await client.post(Rig.chat, Self.body)
                try await Self.send(stream, by: rig.upstream.nextCall(), seed: seed)
                #expect(try await client.answer(to: "POST").body == stream)
            }
        }
        #expect(runs.isEmpty)
    }

    @Test func theRulesSayWhatIsRecorded() async throws {
        let rules = """
            record: {only: tripped}
            overrides:
              - match: {model: all}
                record: {only: all}
              - match: {model: none}
                record: {sample: 0}
            """
        let healthy = Rig.event("fine") + Rig.ending
        let looping = (0..<400).map { _ in Rig.event("I'll do it. ") }.joined()
        let runs = try await RecordingRig().run(rules: rules) { rig in
            for (model, stream) in [("m", healthy), ("m", looping), ("all", healthy), ("none", looping)] {
                let client = try await rig.client()
                try await client.post(Rig.chat, #"{"model":"\#(model)","stream":true}"#)
                try? await Self.send(stream, by: rig.upstream.nextCall(), seed: 1)
                _ = try await client.answer(to: "POST")
            }
        }
        #expect(runs.map { $0.request?.model } == ["m", "all"])
        #expect(runs.map { $0.end?.state } == ["capped", "completed"])
    }

    @Test func noSecretOfARequestIsOnTheDisk() async throws {
        let recording = try RecordingRig()
        let key = "sk-proj-abcDEF1234567890abcdef"
        let runs = try await recording.run { rig in
            let client = try await rig.client()
            let headers =
                "Authorization: Bearer topsecret\r\nX-Api-Key: topsecret\r\nCookie: a=topsecret\r\nX-Kept: 1\r\n"
            try await client.post(Rig.chat, #"{"model":"m","stream":true,"user":"\#(key)"}"#, headers: headers)
            let call = try await rig.upstream.nextCall()
            #expect(call.text.contains(key) && call.head.headers.first(name: "x-api-key") == "topsecret")
            try await Self.send(Rig.event(key) + Rig.ending, by: call, seed: 2)
            #expect(try await client.answer(to: "POST").body.contains(key))
        }
        let run = try #require(runs.first)
        let everything = run.records.map { String(decoding: $0.line, as: UTF8.self) }.joined()
        #expect(!everything.contains("topsecret") && !everything.contains("abcDEF") && everything.contains("X-Kept"))
        #expect(run.came.count == (Rig.event(key) + Rig.ending).utf8.count)
    }
}

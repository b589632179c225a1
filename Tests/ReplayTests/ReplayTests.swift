import Foundation
import GenerationWire
import Guard
import LoopDetection
import Replay
import Rules
import Testing

private let replayer = Replayer { _ in GuardSettings() }
private let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("fixtures/healthy").path

private let loop = Array(String(repeating: chunk("I will look again. "), count: 500).utf8)

@Suite struct Replaying {
    @Test func aLoopIsStoppedWithEvidence() throws {
        let result = replayer.replay(RecordedContent(body: loop), file: "loop.sse")
        #expect(result.verdictName == "stop")
        #expect(result.verdict?.detector == .tailRepeat)
        #expect(!result.isUnchanged)
        #expect(result.savedBytes > 20_000)
        #expect(result.outputBytes + result.savedBytes == loop.count)
        #expect(result.tokens + result.savedTokens == 500)
        let line = try #require(
            try JSONSerialization.jsonObject(with: Data(result.jsonLine.utf8)) as? [String: Any]
        )
        #expect(
            Set(line.keys) == [
                "file", "format", "verdict", "detector", "channel", "event", "byte", "evidence", "bytes",
                "output_bytes",
                "saved_bytes", "tokens", "saved_tokens", "saved_seconds", "unchanged", "error",
            ]
        )
        #expect(line["format"] as? String == "chat")
        #expect(line["channel"] as? String == "content")
        #expect((line["evidence"] as? [String: Any])?["period"] as? Int == 19)
        #expect(line["error"] is NSNull)
    }

    @Test(arguments: [1, 7, 100, 100_000])
    func theSizeOfReadsChangesNothing(size: Int) {
        var other = replayer
        other.readSize = size
        #expect(
            other.replay(RecordedContent(body: loop), file: "a")
                == replayer.replay(RecordedContent(body: loop), file: "a")
        )
    }

    @Test func theRequestBesideIsRead() {
        let body = Array(#"{"response_format":{"type":"json_object"},"messages":[]}"#.utf8)
        // JSON output has the code profile, which asks for four times as much.
        let prose = replayer.replay(RecordedContent(body: loop), file: "a")
        let code = replayer.replay(RecordedContent(body: loop, request: body), file: "a")
        #expect(code.event > 2 * prose.event)
    }

    @Test func theRulesDecide() {
        let observing = Replayer { _ in
            var settings = GuardSettings()
            settings.mode = .observe
            return settings
        }
        let result = observing.replay(RecordedContent(body: loop), file: "a")
        #expect(result.verdictName == "observe")
        #expect(result.isUnchanged && result.savedBytes == 0)
    }

    @Test(arguments: [
        ("event: message_start\ndata: {\"type\":\"message_start\"}\n\n", "messages"),
        ("data: {\"type\": \"response.created\"}\n\n", "responses"),
        ("{\"message\":{\"content\":\"a\"},\"done\": false}\n", "ollama_chat"),
        ("\n{\"response\":\"a\",\"done\":false}\n", "ollama_generate"),
        ("data: {\"content\":\"a\",\"stop\":false,\"tokens_predicted\":1}\n\n", "llama_completion"),
        ("data: {\"object\":\"text_completion\",\"choices\":[]}\n\n", "completions"),
        ("{\"object\":\"chat.completion\",\"choices\":[]}", "json"), ("what is this", "unknown"),
    ])
    func everyFormatIsRecognised(body: String, format: String) {
        let result = replayer.replay(RecordedContent(body: Array(body.utf8)), file: "a")
        #expect(result.format == format)
        #expect(result.verdictName == "pass" && result.isUnchanged)
    }

    @Test func everyFixtureIsUnchangedAndInOrder() async throws {
        let recordings = try Recording.find([fixtures])
        #expect(recordings.count >= 40)
        var files: [String] = []
        for await result in replayer.replay(recordings, jobs: 4) {
            #expect(result.isUnchanged && result.error == nil && result.verdictName == "pass", "\(result.file)")
            files.append(result.file)
        }
        #expect(files == recordings.map(\.path))
    }

    @Test func recordedStreamsAreUnchangedWhereTheyAre() async throws {
        let shared = fixtures + "/../../../shared/streams"
        guard FileManager.default.fileExists(atPath: shared) else { return }
        let rules = RuleSet.default
        let replayer = Replayer(rules: rules)
        for await result in replayer.replay(try Recording.find([shared]), jobs: 2) {
            #expect(result.isUnchanged && result.verdict?.mode != .stop, "\(result.file)")
        }
    }

    @Test func whatIsNotThereIsSaid() {
        #expect(throws: ReplayError(file: "/nowhere", message: "no such file or folder")) {
            try Recording.find(["/nowhere"])
        }
        let result = replayer.replay(Recording(path: "/nowhere.sse"))
        #expect(result.error?.contains("cannot be read") == true)
    }

    @Test func aSummaryCounts() {
        var summary = ReplaySummary()
        summary.add(replayer.replay(RecordedContent(body: loop), file: "a"))
        summary.add(replayer.replay(RecordedContent(body: Array("data: x\n\n".utf8)), file: "b"))
        summary.add(ReplayResult(file: "c", format: "unknown", error: "gone"))
        #expect(summary.furthest == .stop)
        #expect(
            summary.sentence.hasPrefix("3 recordings: 1 stopped, 0 warned, 0 observed, 1 passed, 1 changed, 1 errors")
        )
    }
}

import Foundation
import Guard
import Recordings
import Replay
import Rules
import Testing

@Suite struct RecordedRunTests {
    /// A folder with one segment, in plain lines as others may write them.
    private func withRecordings(headers: [Header] = [], _ use: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var lines: [UInt8] = []
        for (id, text) in [("run_a", "fine"), ("run_b", "I'll do it. ")] {
            let request = RecordedRequest(
                started: 1,
                path: "/v1/chat/completions",
                model: "m",
                key: "alice",
                headers: [Header("user-agent", "mine/2.0")] + headers,
                body: Array(#"{"model":"\#(id)"}"#.utf8)
            )
            lines += RunRecord(run: id, time: 0, .request(request)).line
            for index in 0..<(id == "run_a" ? 3 : 400) {
                let event = #"data: {"choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"# + "\n\n"
                lines += RunRecord(run: id, time: Int64(index), .bytes(.passed, Array(event.utf8))).line
            }
            lines += RunRecord(run: id, time: 900, .end(RecordedEnd(state: "completed", status: 200, events: 3))).line
        }
        try Data(lines).write(to: URL(fileURLWithPath: "\(folder)/mine.runs.jsonl"))
        try use(folder)
    }

    @Test func theRunsOfAFolderAreReplayed() throws {
        try withRecordings { folder in
            let recordings = try Recording.find([folder])
            #expect(recordings.map(\.path) == ["\(folder)/run_a", "\(folder)/run_b"])
            #expect(try recordings[0].content().request == Array(#"{"model":"run_a"}"#.utf8))
            let results = recordings.map { Replayer(rules: .default).replay($0) }
            #expect(results.map(\.verdictName) == ["pass", "stop"] && results.map(\.error) == [nil, nil])
            #expect(try Recording.find([folder + "/mine.runs.jsonl"]) == recordings)
        }
    }

    @Test func recordedRunsAreWalkedThroughAndSayWhenTheirBytesCame() throws {
        try withRecordings { folder in
            let walk = try RecordingWalk([folder, "\(folder)/run_b"])
            #expect(walk.map(\.path) == ["run_a", "run_b", "run_b"].map { "\(folder)/\($0)" })
            let result = Replayer(rules: .default).replay(try Recording.find(["\(folder)/run_b"])[0])
            #expect(result.seconds == 399e-9)
            // The 400 reads came a nanosecond apart, the first at 0.
            #expect(abs((result.savedSeconds ?? 0) - Double(400 - result.event) * 1e-9) < 1e-12)
            #expect(throws: ReplayError.self) { try RecordingWalk(["\(folder)/run_c"]) }
        }
    }

    /// Rules by whatever a gateway knows of a request judge its recording alike.
    @Test(arguments: [
        "client: \"mine/*\"", "path: /v1/chat/completions", "key: alice", "model: run_b",
        "client: \"mine/*\", path: /v1/chat/completions, key: alice, model: run_b",
    ])
    func rulesForARequestHoldForItsRecording(match: String) throws {
        func rules(_ match: String) throws -> RuleSet {
            let keys = [("alice", "0"), ("bob", "1")].map { "  \($0): sha256:\(String(repeating: $1, count: 64))\n" }
            return try .parse(
                yaml: "version: 1\napi_keys:\n\(keys.joined())overrides:\n  - {match: {\(match)}, mode: warn}\n",
                file: "r"
            )
        }
        try withRecordings { folder in
            let recording = try Recording.find(["\(folder)/run_b"])[0]
            #expect(Replayer(rules: try rules(match)).replay(recording).verdictName == "warn")
            let other = match.replacing("mine", with: "other").replacing("chat", with: "no").replacing(
                "alice",
                with: "bob"
            )
            .replacing("run_b", with: "n")
            #expect(Replayer(rules: try rules(other)).replay(recording).verdictName == "stop")
        }
    }

    @Test(arguments: [("X-Loopguard-Mode", "observe", "observe"), ("x-loopguard-mode", "stop", "stop")])
    func whatTheRequestAskedForHoldsAsWell(name: String, mode: String, verdict: String) throws {
        try withRecordings(headers: [Header(name, mode)]) { folder in
            let recording = try Recording.find(["\(folder)/run_b"])[0]
            #expect(Replayer(rules: .default).replay(recording).verdictName == verdict)
        }
    }

    @Test func oneRunIsNamedByItsIdAndCanBeLabelled() throws {
        try withRecordings { folder in
            #expect(try Recording.find(["\(folder)/run_b"]).map(\.path) == ["\(folder)/run_b"])
            try LabelFile.mark("\(folder)/run_b", Label(.loop, channel: .content, began: 0))
            let labels = try LabelFile.labels(of: Recording.find([folder]))
            #expect(labels == [nil, Label(.loop, channel: .content, began: 0)])
            #expect(throws: ReplayError.self) { try LabelFile.mark("\(folder)/run_c", Label(.healthy)) }
            #expect(throws: ReplayError.self) { try Recording.find(["\(folder)/run_c"]) }
        }
    }
}

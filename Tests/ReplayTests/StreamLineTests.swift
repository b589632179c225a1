import Foundation
import LoopDetection
import Replay
import Rules
import Synchronization
import Testing

private let loop = String(repeating: chunk("round and round "), count: 300)

/// A line of JSON Lines out of members.
private func json(_ members: [String: Any]) throws -> String {
    String(decoding: try JSONSerialization.data(withJSONObject: members), as: UTF8.self)
}

/// Replays lines as they would come from standard input.
private func results(_ lines: [String]) async throws -> [ReplayResult] {
    var results: [ReplayResult] = []
    let recordings = lines.enumerated().map { Recording(jsonLine: Array($1.utf8), number: $0 + 1) }
    try await ReplayPlan(Replayer(rules: .default)).replay(recordings, jobs: 2) { results.append($0.result) }
    return results
}

@Suite struct RecordingsInJSONLines {
    @Test func bodiesComeAsTextAsBase64OrAsPaths() async throws {
        try await withFolder(["a.sse": loop, "a.request.json": #"{"response_format":{"type":"json_object"}}"#]) {
            folder in
            let lines = [
                try json(["id": "one", "sse": loop]),
                try json(["id": 2, "b64": Data(loop.utf8).base64EncodedString()]),
                try json(["path": folder + "/a.sse", "more": ["x": 1]]),
                try json(["id": "with request", "sse": loop, "request": ["response_format": ["type": "json_object"]]]),
                line("corpus", "loop", #"{"content":"round ","times":400}"#).trimmingCharacters(in: .newlines),
                try json(["sse": loop, "request": #"{"response_format":{"type":"json_object"}}"#]),
            ]
            let results = try await results(lines)
            #expect(results.map(\.verdictName) == Array(repeating: "stop", count: 6))
            #expect(results.map(\.id) == ["\"one\"", "2", nil, "\"with request\"", nil, nil])
            #expect(results.map(\.file) == ["line 1", "line 2", folder + "/a.sse", "line 4", "corpus", "line 6"])
            #expect(results[0].event == results[1].event)
            // JSON output asks for more before it convicts: all three know the request.
            #expect(results[2].event > results[0].event)
            #expect(results[3].event == results[2].event && results[5].event == results[2].event)
            #expect(results[0].jsonLine.hasPrefix(#"{"id":"one","file":"line 1","format":"chat","verdict":"stop","#))
        }
    }

    @Test(arguments: [
        ("nonsense", "not a JSON object"), ("[]", "not a JSON object"), ("{}", "needs 'sse', 'b64' or 'path'"),
        (#"{"b64":"=!"}"#, "'b64' is not Base64"), (#"{"sse":"","id":[1]}"#, "'id' must be a string or a number"),
        (#"{"sse":"","times":[[5,1],[3,2]]}"#, "'times' must be a list of [BYTES, SECONDS] that rises"),
        (#"{"sse":"","times":[[1]]}"#, "'times' must be a list of [BYTES, SECONDS] that rises"),
        (#"{"sse":"","headers":{"User-Agent":"x"}}"#, "'headers' must be a list of [NAME, VALUE]"),
        (#"{"sse":"","headers":[["User-Agent"]]}"#, "'headers' must be a list of [NAME, VALUE]"),
        (#"{"sse":3}"#, "needs 'sse', 'b64' or 'path'"),
    ])
    func aLineThatCannotBeReadIsAnErrorOfItsOwn(line: String, message: String) async throws {
        let results = try await results([line, try json(["sse": chunk("a")])])
        #expect(results.map(\.error) == [message, nil])
        #expect(results[0].file == "line 1")
    }
}

@Suite struct RecordedTime {
    /// A read for every chunk, one every `step` seconds.
    private func line(_ step: Double, id: String = "a") throws -> String {
        let size = chunk("round and round ").utf8.count
        return try json(["id": id, "sse": loop, "times": (1...300).map { [Double($0 * size), Double($0) * step] }])
    }

    @Test func theTimeThatAStopSavesIsTold() async throws {
        let result = try await results([try line(0.5)])[0]
        let saved = try #require(result.savedSeconds)
        #expect(result.seconds == 150)
        #expect(saved == 150 - Double(result.event) * 0.5)
        var summary = ReplaySummary()
        summary.add(result)
        summary.add(ReplayResult(file: "timeless", format: "chat"))
        #expect(summary.savedSeconds == saved)
    }

    @Test func aPaceKeepsTimeAndComesToTheSame() async throws {
        let recording = Recording(jsonLine: Array(try line(0.002).utf8), number: 1)
        let replayer = Replayer(rules: .default)
        let told = Mutex<[Double]>([])
        let start = ContinuousClock.now
        let paced = await replayer.replay(
            recording,
            Pace(speed: 2) { _, seconds, _, _ in told.withLock { $0.append(seconds) } }
        )
        let taken = ContinuousClock.now - start
        #expect(paced == replayer.replay(recording))
        let moment = try #require(told.withLock { $0.last })
        #expect(moment == Double(paced.event) * 0.002)
        // Never too soon; how late depends on the machine.
        #expect(taken >= .seconds(moment / 2))
    }

    @Test func whatDoesNotSayWhenItCameHasNoPace() async throws {
        try await withFolder(["a.sse": loop]) { folder in
            let result = await Replayer(rules: .default).replay(
                Recording(path: folder + "/a.sse"),
                Pace { _, _, _, _ in Issue.record("a verdict without a time") }
            )
            #expect(result.error?.contains("does not say when its bytes came") == true)
            let gone = await Replayer(rules: .default).replay(
                Recording(path: folder + "/b.sse"),
                Pace { _, _, _, _ in }
            )
            #expect(gone.error?.contains("cannot be read") == true)
        }
    }
}

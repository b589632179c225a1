import Foundation
import Testing

@testable import RecordingIndex
@testable import Recordings

/// A folder that is removed with the test.
private final class Folder {
    let path = NSTemporaryDirectory() + "loopguard-index-" + UUID().uuidString
    var directory: RecordingDirectory { RecordingDirectory(path) }

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

private func event(_ text: String) -> String {
    #"data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"#
        + "\n\n"
}

/// The records of a run whose answer is told in two pieces.
private func records(_ id: String, model: String = "m", client: String = "curl/8", started: Double = 100) -> [RunRecord]
{
    let request = RecordedRequest(
        started: started,
        format: "chat",
        path: "/v1/chat/completions",
        model: model,
        client: client,
        headers: [Header("Accept", "*/*")],
        body: Array(#"{"messages":[{"role":"user","content":"find the lighthouse"}]}"#.utf8)
    )
    let answer = Array((event("the keeper of ") + event("\(id) waves")).utf8)
    return [
        RunRecord(run: id, time: 0, .request(request)),
        RunRecord(run: id, time: 5, .bytes(.passed, Array(answer[..<40]))),
        RunRecord(run: id, time: 9, .bytes(.came, Array(answer[40...]))),
        RunRecord(run: id, time: 12, .end(RecordedEnd(state: "completed", status: 200, events: 2))),
    ]
}

private let verdict = RecordedVerdict(
    detector: "tail_repeat",
    mode: "stop",
    channel: "content",
    byte: 7,
    event: 3,
    evidence: Array(#""period":12"#.utf8)
)

@Suite(.timeLimit(.minutes(1))) struct RunIndexTests {
    @Test func theIndexSaysWhatTheSegmentsSay() throws {
        let folder = try Folder()
        let writer = try SegmentWriter(in: folder.path, compressor: FrameCompressor())
        for record in records("a") { try writer.append(record.line) }
        try writer.flush()
        for record in records("b", model: "qwen3-8b", client: "opencode/1", started: 200).dropLast() {
            try writer.append(record.line)
        }
        try writer.append(RunRecord(run: "b", time: 10, .verdict(verdict)).line)
        let end = RecordedEnd(state: "capped", reason: "guard:tail_repeat", status: 200, events: 9)
        try writer.append(RunRecord(run: "b", time: 12, .end(end)).line)
        try writer.seal()
        let index = try RunIndex(folder.directory)
        try index.refresh()
        let segment = try #require(try folder.directory.segments().first)
        #expect(try index.runs() == RunSummary.runs(inSegment: segment.path).runs.reversed())
        #expect(try index.run("b")?.verdict == verdict)
        #expect(try RecordedRun(#require(try index.run("a"))).records == records("a"))
        #expect(try index.lostBytes == 0)

        func ids(_ change: (inout RunQuery) -> Void) throws -> [String] {
            var query = RunQuery()
            change(&query)
            return try index.runs(query).map(\.id)
        }
        #expect(try ids { $0.state = "capped" } == ["b"])
        #expect(try ids { $0.model = "qwen*" } == ["b"])
        #expect(try ids { $0.client = "curl*" } == ["a"])
        #expect(try ids { $0.detector = "tail_repeat" } == ["b"])
        #expect(try ids { $0.since = 150 } == ["b"])
        #expect(try ids { $0.limit = 1 } == ["b"])
        #expect(try ids { $0.text = "lighthouse" } == ["b", "a"])
        #expect(try ids { $0.text = "keeper a" } == ["a"])
        #expect(try ids { $0.text = #"" OR nothing"# }.isEmpty)
    }

    @Test func whatIsAddedIsFoundAndWhatIsRemovedIsForgotten() throws {
        let folder = try Folder()
        let index = try RunIndex(folder.directory)
        try index.refresh()
        #expect(try index.runs().isEmpty)
        let writer = try SegmentWriter(in: folder.path, compressor: FrameCompressor())
        let lines = records("a")
        for count in 1...lines.count {
            try writer.append(lines[count - 1].line)
            try writer.flush()
            try index.refresh()
            let run = try #require(try index.run("a"))
            #expect(run.state == (count == lines.count ? "completed" : "unfinished"))
            #expect(try RecordedRun(run).records == Array(lines[..<count]))
        }
        #expect(try index.run("a") == RunSummary.runs(inSegment: writer.path).runs.first)
        try writer.seal()
        try index.refresh()
        #expect(try RecordedRun(#require(try index.run("a"))).records == lines)
        var query = RunQuery()
        query.text = "waves keeper"
        #expect(try index.runs(query).map(\.id) == ["a"])
        try folder.directory.prune(.init(bytes: 0))
        try index.refresh()
        #expect(try index.runs().isEmpty && index.runs(query).isEmpty)
    }

    @Test func aTornTailIsReadWhenItsRestHasCome() throws {
        let folder = try Folder()
        let lines = records("a")
        let compressor = FrameCompressor()
        let first = compressor.frame(lines[..<2].flatMap(\.line))
        let second = compressor.frame(lines[2...].flatMap(\.line))
        let path = folder.path + "/x.open.runs.jsonl.zst"
        let index = try RunIndex(folder.directory)
        for cut in 0...second.count {
            try Data(first + second[..<cut]).write(to: URL(fileURLWithPath: path))
            try index.refresh()
            let isWhole = cut == second.count
            #expect(try index.run("a")?.state == (isWhole ? "completed" : "unfinished"), "cut at \(cut)")
            #expect(try RecordedRun(#require(try index.run("a"))).records.count == (isWhole ? 4 : 2))
        }
    }

    @Test(arguments: ["", "no database at all", String(repeating: "SQLite format 3\u{0}", count: 300)])
    func anIndexThatIsNoneIsMadeAnew(content: String) throws {
        let folder = try Folder()
        let writer = try SegmentWriter(in: folder.path, compressor: FrameCompressor())
        for record in records("a") { try writer.append(record.line) }
        try writer.seal()
        try Data(content.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(RunIndex.name)"))
        let index = try RunIndex(folder.directory)
        try index.refresh()
        #expect(try index.runs().map(\.id) == ["a"])
        try index.rebuild()
        #expect(try index.runs().map(\.id) == ["a"])
    }

    @Test func aRunThatWasDroppedIsNotListed() throws {
        let folder = try Folder()
        let writer = try SegmentWriter(in: folder.path, compressor: FrameCompressor())
        for record in records("a").dropLast() { try writer.append(record.line) }
        try writer.append(RunRecord(run: "a", time: 0, .dropped).line)
        try writer.seal()
        let index = try RunIndex(folder.directory)
        try index.refresh()
        #expect(try index.runs().isEmpty && index.run("a") == nil)
    }

    @Test func theBeginningOfAnIdIsEnoughUnlessSeveralBeginSo() throws {
        let folder = try Folder()
        let writer = try SegmentWriter(in: folder.path, compressor: FrameCompressor())
        for id in ["run_12", "run_13", "run_1"] { for record in records(id) { try writer.append(record.line) } }
        try writer.seal()
        let index = try RunIndex(folder.directory)
        try index.refresh()
        #expect(try index.run("run_12")?.id == "run_12" && index.run("run_1")?.id == "run_1" && index.run("x") == nil)
        #expect(throws: RecordingError.self) { try index.run("run_") }
    }
}

import Foundation
import Testing

@testable import Recordings

@Suite struct FormatTests {
    static let request = RecordedRequest(
        started: 1_795_000_000.123,
        format: "chat",
        path: "/v1/chat/completions",
        model: "qwen\"3\\",
        client: "opencode/1.2",
        headers: [Header("Content-Type", "application/json"), Header("X-Empty", "")],
        body: Array(#"{"model":"m"}"#.utf8),
        isTextRedacted: true,
        source: "har"
    )

    static let events: [RunRecord.Event] = [
        .request(request), .sent(nil), .sent([0x7B, 0x7D]), .head(RecordedHead(status: 200, headers: request.headers)),
        .bytes(.came, Array("data: {\"a\":\"\u{1}\\n\u{1F}é𝄞\"}\r\n\n".utf8)), .bytes(.went, [0xFF, 0x00, 0xC3]),
        .bytes(.passed, []), .verdict(.loop),
        .end(RecordedEnd(state: "capped", reason: "guard:x", status: 200, events: 3)),
        .end(RecordedEnd(state: "completed", status: 200, events: 3)), .dropped,
    ]

    @Test(arguments: events) func everyRecordSurvivesItsLine(event: RunRecord.Event) throws {
        let record = RunRecord(run: "run_1", time: 1_234_567_890_123, event)
        let line = record.line
        #expect(line.last == UInt8(ascii: "\n") && line.dropLast().allSatisfy { $0 != UInt8(ascii: "\n") })
        #expect(try RunRecord(line: line.span) == record)
        // Whatever reads JSON reads it.
        #expect(try JSONSerialization.jsonObject(with: Data(line)) is [String: Any])
    }

    @Test func bytesComeBackAsTheyWereWhateverTheyAre() throws {
        var random = SplitMix(1)
        for count in 0..<300 {
            let isText = Bool.random(using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: isText ? 0...0x7F : 0...0xFF, using: &random) }
            let record = RunRecord(run: "r", time: 0, .bytes(.came, bytes))
            #expect(try RunRecord(line: record.line.span) == record)
        }
    }

    @Test(arguments: [
        ("", "not a JSON object"), ("[]", "not a JSON object"), (#"{"run":"a","kind":"in","text":"x""#, "not a JSON"),
        (#"{"kind":"in","text":"x"}"#, "'run'"), (#"{"run":"a"}"#, "'kind'"), (#"{"run":"a","kind":"in"}"#, "missing"),
        (#"{"run":"a","kind":"in","b64":"?"}"#, "base64"), (#"{"run":"a","kind":"song"}"#, "'song'"),
        (#"{"v":2,"run":"a","kind":"request"}"#, "version 2"), (#"{"run":"a","kind":"end"}"#, "missing"),
    ])
    func aLineThatIsNoRecordSaysWhy(line: String, reason: String) {
        let error = #expect(throws: RunRecord.Unreadable.self) { try RunRecord(line: Array(line.utf8).span) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func membersThatAreNotKnownAreSkipped() throws {
        let line = Array(#"{"new":{"a":[1]},"run":"a","kind":"out","t":5,"text":"x","more":null}"#.utf8)
        #expect(try RunRecord(line: line.span) == RunRecord(run: "a", time: 5, .bytes(.went, [0x78])))
    }
}

@Suite struct SegmentTests {
    /// A segment of three frames with its records.
    static func segment(in folder: Folder) throws -> (bytes: [UInt8], frames: [(end: Int, records: [RunRecord])]) {
        let compressor = FrameCompressor()
        var bytes: [UInt8] = []
        var frames: [(end: Int, records: [RunRecord])] = []
        for frame in 0..<3 {
            let records = (0..<3).map { index in
                RunRecord(run: "run_\(index)", time: Int64(frame), .bytes(.came, Array("frame \(frame) é".utf8)))
            }
            bytes += compressor.frame(records.flatMap(\.line))
            frames.append((bytes.count, records))
        }
        return (bytes, frames)
    }

    static func read(
        _ bytes: some Sequence<UInt8>,
        in folder: Folder
    ) throws -> (
        records: [RunRecord], losses: [SegmentReader.Loss]
    ) {
        let path = folder.path + "/x.runs.jsonl.zst"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        var reader = try SegmentReader(path: path)
        var records: [RunRecord] = []
        while let block = reader.next() { records += block.records }
        return (records, reader.losses)
    }

    @Test func aSegmentTornAtAnyByteIsReadUpToThere() throws {
        let folder = try Folder()
        let (bytes, frames) = try Self.segment(in: folder)
        for cut in 0...bytes.count {
            let (records, losses) = try Self.read(bytes[..<cut], in: folder)
            let whole = frames.filter { $0.end <= cut }
            #expect(records == whole.flatMap(\.records), "cut at \(cut)")
            let end = whole.last?.end ?? 0
            #expect(losses.map(\.bytes) == (end == cut ? [] : [end..<cut]), "cut at \(cut)")
        }
    }

    @Test func damageAnywhereCostsNoMoreThanItsFrame() throws {
        let folder = try Folder()
        let (bytes, frames) = try Self.segment(in: folder)
        let all = frames.flatMap(\.records)
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 0x41
            let (records, losses) = try Self.read(damaged, in: folder)
            let hit = frames.firstIndex { place < $0.end } ?? 0
            let others = frames.indices.filter { $0 != hit }.flatMap { frames[$0].records }
            #expect(records.allSatisfy(all.contains), "at \(place)")
            #expect(others.allSatisfy(records.contains), "at \(place)")
            #expect(!losses.isEmpty || records == all, "at \(place)")
        }
    }

    @Test func bytesBehindAGoodFrameDoNotHideWhatFollows() throws {
        let folder = try Folder()
        let (bytes, frames) = try Self.segment(in: folder)
        let first = frames[0].end
        let (records, losses) = try Self.read(bytes[..<first] + [1, 2, 3] + bytes[first...], in: folder)
        #expect(records == frames.flatMap(\.records))
        #expect(losses.map(\.bytes) == [first..<first + 3])
    }

    @Test func linesThatOthersWroteAreRead() throws {
        let folder = try Folder()
        let path = folder.path + "/theirs.runs.jsonl"
        let lines = """
            {"v":1,"run":"a","kind":"request","started":1.5,"path":"/v1/chat/completions","model":"m","text":"{}"}
            {"run":"a","kind":"in","t":7,"text":"data: x\\n\\n"}

            {"run":"a","kind":"end","t":9,"state":"completed"}
            {"run":"a","kind":"in","t":7,"te
            """
        try Data(lines.utf8).write(to: URL(fileURLWithPath: path))
        let (runs, losses) = try RunSummary.runs(inSegment: path)
        #expect(losses.count == 1)
        let run = try RecordedRun(#require(runs.first))
        #expect(run.came == Array("data: x\n\n".utf8) && run.request?.model == "m" && run.end?.state == "completed")
        #expect(run.askedBody == Array("{}".utf8))
    }

    @Test func aPlainFileOfManyBlocksIsReadLineByLine() throws {
        let folder = try Folder()
        let path = folder.path + "/long.runs.jsonl"
        let piece = [UInt8](repeating: 0x61, count: 300_000)
        let records = (0..<12).map { RunRecord(run: "a", time: Int64($0), .bytes(.came, piece)) }
        try Data(records.flatMap(\.line)).write(to: URL(fileURLWithPath: path))
        var reader = try SegmentReader(path: path)
        var found: [RunRecord] = []
        while let block = reader.next() { found += block.records }
        #expect(found == records && reader.losses.isEmpty)
    }
}

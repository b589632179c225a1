import Exposition
import Foundation
import Logging
import Testing

@testable import Recordings

@Suite(.timeLimit(.minutes(1))) struct RecorderTests {
    @Test func runsComeBackAsTheyWentWhileOthersRun() throws {
        let folder = try Folder()
        let rig = try Rig(folder)
        rig.recorder.start()
        let runs = try (0..<5).map { try #require(rig.recorder.begin("run_\($0)")) }
        for (number, run) in runs.enumerated() { run.begin("{\"n\":\(number)}") }
        for step in 0..<50 {
            for (number, run) in runs.enumerated() {
                run.bytes(.passed, "data: \(number) \(step)\n\n", at: Int64(step))
            }
        }
        runs[0].bytes(.came, "held", at: 60)
        runs[0].note(.verdict(.loop), at: 60)
        runs[0].bytes(.went, "ending", at: 61)
        for run in runs { run.finish() }
        rig.recorder.stop()

        let summaries = try folder.runs()
        #expect(summaries.map(\.id) == (0..<5).map { "run_\($0)" })
        for (number, summary) in summaries.enumerated() {
            let run = try RecordedRun(summary)
            let stream = (0..<50).map { "data: \(number) \($0)\n\n" }.joined()
            #expect(run.came == Array((stream + (number == 0 ? "held" : "")).utf8))
            #expect(run.went == Array((stream + (number == 0 ? "ending" : "")).utf8))
            #expect(run.request?.body == Array("{\"n\":\(number)}".utf8))
            #expect(summary.cameBytes == run.came.count && summary.wentBytes == run.went.count)
            #expect(summary.verdict == (number == 0 ? .loop : nil) && summary.state == "completed")
            #expect(run.records.map(\.time) == run.records.map(\.time).sorted())
        }
        #expect(rig.value(#"loopguard_recordings_total{outcome="recorded"}"#) == "5")
        #expect(try RecordingDirectory(folder.path).segments().allSatisfy { !$0.isOpen })
    }

    @Test func whatFindsNoRoomInTheQueueIsGivenUpAsAWholeAndCounted() throws {
        let folder = try Folder()
        let rig = try Rig(folder) { $0.queueBytes = 4_000 }
        let small = try #require(rig.recorder.begin("small"))
        let large = try #require(rig.recorder.begin("large"))
        small.begin()
        large.begin()
        small.bytes(.passed, "healthy")
        // Nothing takes from the queue yet.
        for _ in 0..<100 { large.bytes(.passed, String(repeating: "x", count: 200)) }
        rig.recorder.start()
        // The thread has made room; what comes now of the large run must not make a recording with a hole.
        small.bytes(.passed, " again")
        large.bytes(.passed, "tail")
        small.finish()
        large.finish()
        rig.recorder.stop()
        let runs = try folder.runs()
        if rig.value(#"loopguard_recordings_total{outcome="dropped"}"#) == "1" {
            #expect(runs.map(\.id) == ["small"])
            #expect(try RecordedRun(#require(runs.first)).came == Array("healthy again".utf8))
        } else {
            // The queue was still full when the small run went on.
            #expect(rig.value(#"loopguard_recordings_total{outcome="dropped"}"#) == "2" && runs.isEmpty)
        }
        #expect(rig.value(#"loopguard_recording_dropped_total{reason="queue_full"}"#) != "0")
    }

    @Test func onlyTrippedRunsAreKeptWhenAskedFor() throws {
        let folder = try Folder()
        let rig = try Rig(folder) { $0.policy.only = .tripped }
        rig.recorder.start()
        let healthy = try #require(rig.recorder.begin("healthy"))
        let looping = try #require(rig.recorder.begin("looping"))
        for run in [healthy, looping] {
            run.begin()
            run.bytes(.passed, "before")
        }
        looping.note(.verdict(.loop), at: 2)
        for run in [healthy, looping] {
            run.bytes(.passed, "after")
            run.finish()
        }
        rig.recorder.stop()
        let runs = try folder.runs()
        #expect(runs.map(\.id) == ["looping"])
        #expect(try RecordedRun(#require(runs.first)).came == Array("beforeafter".utf8))
        #expect(rig.value(#"loopguard_recordings_total{outcome="discarded"}"#) == "1")
        #expect(!String(decoding: try folder.everything(), as: UTF8.self).contains("healthy"))
    }

    @Test func anUndecidedRunThatGrowsBeyondMemoryIsGivenUp() throws {
        let folder = try Folder()
        let rig = try Rig(folder) {
            $0.policy.only = .tripped
            $0.undecidedBytes = 10_000
        }
        rig.recorder.start()
        let run = try #require(rig.recorder.begin("long"))
        run.begin()
        for _ in 0..<100 { run.bytes(.passed, String(repeating: "x", count: 200)) }
        run.note(.verdict(.loop), at: 2)
        run.finish()
        rig.recorder.stop()
        #expect(try folder.runs().isEmpty)
        #expect(rig.value(#"loopguard_recording_dropped_total{reason="too_long"}"#) == "1")
    }

    @Test func aDiskThatCannotBeWrittenCostsRecordingsAndNothingElse() throws {
        let folder = try Folder()
        let rig = try Rig(folder)
        try FileManager.default.removeItem(atPath: folder.path)
        rig.recorder.start()
        for _ in 0..<3 {
            let run = try #require(rig.recorder.begin("run"))
            run.begin()
            run.bytes(.passed, "text")
            run.finish()
        }
        rig.recorder.stop()
        #expect(rig.value(#"loopguard_recording_dropped_total{reason="write_failed"}"#) == "3")
        #expect(rig.value(#"loopguard_recordings_total{outcome="dropped"}"#) == "3")
        #expect(rig.value(#"loopguard_recordings_total{outcome="recorded"}"#) == "0")
    }

    @Test func theNarrowerPolicyCounts() {
        let policy = RecordingPolicy(only: .all, sample: 0.5)
        #expect(policy.narrowed(by: .init(only: .tripped, sample: 1)) == .init(only: .tripped, sample: 0.5))
        #expect(policy.narrowed(by: .init(only: .all, sample: 0.1)) == .init(only: .all, sample: 0.1))
    }

    @Test func ofASampleAboutAsManyBegin() throws {
        let folder = try Folder()
        let rig = try Rig(folder)
        let begun = (0..<4_000).count { _ in rig.recorder.begin("r", policy: .init(sample: 0.25)) != nil }
        // Six standard deviations around a thousand.
        #expect((836...1_164).contains(begun))
        #expect(rig.recorder.begin("r", policy: .init(sample: 0)) == nil)
    }

    @Test func segmentsAreRotatedAndTheOldestRemovedWhileRunsStayWhole() throws {
        let folder = try Folder()
        var configuration = RecorderConfiguration(directory: folder.path)
        configuration.limits = .init(bytes: 1 << 20)
        configuration.flushInterval = .zero
        let metrics = RecorderMetrics(Exposition.PrometheusMetrics())
        let writer = RecordingWriter(configuration: configuration, logger: .silent, metrics: metrics)
        var random = SplitMix(3)
        func note(_ run: UInt64, _ note: Inbox.Note) {
            var inbox = Inbox()
            _ = inbox.add(note, size: 1, run: run, time: 0, limit: .max)
            writer.take(inbox)
        }
        func begin(_ run: UInt64) {
            note(run, .begin(id: "run_\(run)", .all, RecordedRequest(started: 0, path: "/"), body: { [] }))
        }
        begin(0)
        for run in UInt64(1)...40 {
            begin(run)
            // What cannot be compressed, so that segments fill.
            let bytes = (0..<65_536).map { _ in UInt8.random(in: 0...255, using: &random) }
            note(run, .event(.bytes(.came, bytes)))
            note(run, .event(.end(RecordedEnd(state: "completed", status: 200, events: 1))))
            writer.maintain()
        }
        note(0, .event(.bytes(.came, Array("last".utf8))))
        note(0, .event(.end(RecordedEnd(state: "completed", status: 200, events: 1))))
        writer.finish()
        try RecordingDirectory(folder.path).prune(configuration.limits)
        let segments = try RecordingDirectory(folder.path).segments()
        #expect(segments.count > 1)
        #expect(segments.reduce(0) { $0 + $1.length } <= 1 << 20)
        let runs = try folder.runs()
        #expect(runs.last?.id == "run_40" && runs.count < 40)
        #expect(runs.allSatisfy { $0.end != nil && ($0.cameBytes == 65_536 || $0.id == "run_0") })
    }

    @Test func oldSegmentsAreRemovedAndOpenOnesAreNot() throws {
        let folder = try Folder()
        for name in ["a", "b.open", "c"] {
            try Data([1]).write(to: URL(fileURLWithPath: "\(folder.path)/\(name).runs.jsonl.zst"))
        }
        let directory = RecordingDirectory(folder.path)
        let newest = try directory.segments().map(\.modified).max() ?? 0
        #expect(try directory.excess(over: .init(age: 100), now: newest + 99).isEmpty)
        let removed = try directory.prune(.init(age: 100), now: newest + 101).map(\.path)
        #expect(removed == ["a", "c"].map { "\(folder.path)/\($0).runs.jsonl.zst" })
        #expect(try directory.segments().count == 1)
    }

    @Test func twoProcessesDoNotRecordInOneFolder() throws {
        let folder = try Folder()
        let first = try Rig(folder)
        let error = #expect(throws: RecordingError.self) { try Rig(folder) }
        #expect(error?.message.contains("another process records there") == true)
        first.recorder.start()
        first.recorder.stop()
        _ = try Rig(folder)
    }

    @Test func whatAKilledGatewayLeftIsReadAndClosedAtTheNextStart() throws {
        let folder = try Folder()
        let writer = try SegmentWriter(in: folder.path, compressor: FrameCompressor())
        try writer.append(RunRecord(run: "a", time: 0, .request(RecordedRequest(started: 1, path: "/"))).line)
        try writer.append(RunRecord(run: "a", time: 1, .bytes(.passed, [0x61])).line)
        try writer.flush()
        let torn = FrameCompressor().frame([UInt8](repeating: 0x62, count: 100)).dropLast()
        let file = try #require(FileHandle(forWritingAtPath: writer.path))
        try file.seekToEnd()
        try file.write(contentsOf: torn)
        #expect(try folder.runs().map(\.state) == ["unfinished"])
        _ = try Rig(folder)
        let segments = try RecordingDirectory(folder.path).segments()
        #expect(segments.map(\.isOpen) == [false])
        let (runs, losses) = try RunSummary.runs(inSegment: segments[0].path)
        #expect(try RecordedRun(#require(runs.first)).came == [0x61])
        #expect(losses.map(\.bytes.count) == [torn.count])
    }

    @Test func aFolderThatCannotBeWrittenIsSaidAtTheStart() {
        let error = #expect(throws: RecordingError.self) {
            try RunRecorder(configuration: RecorderConfiguration(directory: "/proc/nowhere"), logger: .silent)
        }
        #expect(error?.file == "/proc/nowhere")
    }
}

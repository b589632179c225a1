import ArgumentParser
import Foundation
import Logging
import Recordings

/// `loopguard-bench record`
struct RecordingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Time what recording a stream costs: on the event loop, on the recorder's thread, on disk."
    )

    @Option(help: "Samples per figure, 5 or more.")
    var repetitions = 9

    @Flag(help: "Run even in a debug build.")
    var allowDebug = false

    func validate() throws {
        guard (5...1_000).contains(repetitions) else { throw ValidationError("--repetitions must be 5 to 1000.") }
    }

    func run() throws {
        try Machine.requireRelease(orAllow: allowDebug)
        print(Machine.heading("loopguard record"))
        print("CPU time; median (lowest–highest) of \(repetitions) samples of one stream each.\n")
        var text = SampleText(seed: 1)
        let prose = ChunkStream(text.prose(bytes: 131_072), as: .content)
        var table = Table([
            "Recording", "Bytes per read", "ns per read handed over", "ns per byte written", "bytes on disk per byte",
        ])
        for eventsPerRead in [1, 16] {
            let reads = prose.reads(of: eventsPerRead)
            for redacts in [false, true] {
                _ = try record(prose, reads, redacts)
                let passes = try (0..<repetitions).map { _ in try record(prose, reads, redacts) }
                table.add([
                    "\(eventsPerRead) event\(eventsPerRead > 1 ? "s" : "") per read\(redacts ? ", texts redacted" : "")",
                    String(prose.bytes.count / reads.count),
                    Samples(passes.map { $0.handed / Double(reads.count) }).text,
                    Samples(passes.map { $0.written / Double(prose.bytes.count) }).text,
                    Samples(passes.map { $0.stored / Double(prose.bytes.count) }).text,
                ])
            }
        }
        print(table.markdown)
    }

    /// Records one run.
    /// - Returns: Nanoseconds of the calling thread and of all others, and bytes on disk.
    private func record(
        _ stream: ChunkStream,
        _ reads: [Range<Int>],
        _ redacts: Bool
    ) throws -> (handed: Double, written: Double, stored: Double) {
        let folder = NSTemporaryDirectory() + "loopguard-bench-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = RecorderConfiguration(directory: folder)
        configuration.redactsText = redacts
        let recorder = try RunRecorder(configuration: configuration, logger: Logger(label: "bench"))
        recorder.start()
        guard let run = recorder.begin("run_bench") else { throw BenchmarkError("the recorder takes no run") }
        let all = processNanoseconds()
        let start = threadNanoseconds()
        run.begin(RecordedRequest(started: 0, path: "/v1/chat/completions"), bodySize: 0) { [] }
        for (time, read) in reads.enumerated() {
            run.bytes(.passed, stream.bytes.span.extracting(read), at: Int64(time))
        }
        run.end(RecordedEnd(state: "completed", status: 200, events: reads.count), at: Int64(reads.count))
        let handed = threadNanoseconds() - start
        recorder.stop()
        let others = processNanoseconds() - all - (threadNanoseconds() - start)
        let summaries = try RecordingDirectory(folder).segments().map {
            ($0.length, try RunSummary.runs(inSegment: $0.path))
        }
        guard summaries.first?.1.runs.first?.cameBytes == stream.bytes.count else {
            throw BenchmarkError("the recording is not whole: the queue was full")
        }
        return (Double(handed), Double(others), Double(summaries.reduce(0) { $0 + $1.0 }))
    }
}

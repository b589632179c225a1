import CoreMetrics
import Exposition
import Foundation
import Logging

@testable import Recordings

/// A folder that is removed with the test.
final class Folder {
    let path = NSTemporaryDirectory() + "loopguard-recordings-" + UUID().uuidString

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// All bytes of all files, as they are and decompressed.
    func everything() throws -> [UInt8] {
        var bytes: [UInt8] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            let data = Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
            bytes += data
            var index = 0
            data.withUnsafeBytes { data in
                let decompressor = FrameDecompressor()
                while index < data.count,
                    case .whole(let length, let content) = decompressor.frame(
                        in: UnsafeRawBufferPointer(rebasing: data[index...])
                    )
                {
                    bytes += content
                    index += length
                }
            }
        }
        return bytes
    }

    func runs() throws -> [RunSummary] {
        try RecordingDirectory(path).segments().flatMap { try RunSummary.runs(inSegment: $0.path).runs }
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// A recorder, and what it counted.
struct Rig {
    let recorder: RunRecorder
    let metrics: PrometheusMetrics

    init(_ folder: Folder, _ configure: (inout RecorderConfiguration) -> Void = { _ in }) throws {
        var configuration = RecorderConfiguration(directory: folder.path)
        configure(&configuration)
        metrics = PrometheusMetrics(RunRecorder.metricDescriptions)
        recorder = try RunRecorder(configuration: configuration, logger: .silent, metrics: metrics)
    }

    /// The value of a series, as `/metrics` shows it.
    func value(_ series: String) -> String? {
        metrics.render().split(separator: "\n").first { $0.hasPrefix(series + " ") }.map {
            String($0.dropFirst(series.count + 1))
        }
    }
}

extension RunRecording {
    func begin(_ body: String = "{}", path: String = "/v1/chat/completions", headers: [Header] = []) {
        let request = RecordedRequest(
            started: 1_795_000_000.5,
            format: "chat",
            path: path,
            model: "m",
            headers: headers
        )
        begin(request, bodySize: body.utf8.count) { Array(body.utf8) }
    }

    func bytes(_ flow: RunRecord.Flow, _ text: String, at time: Int64 = 1) {
        bytes(flow, Array(text.utf8).span, at: time)
    }

    func finish(_ state: String = "completed") { end(RecordedEnd(state: state, status: 200, events: 1), at: 99) }
}

extension RecordedVerdict {
    static let loop = RecordedVerdict(
        detector: "tail_repeat",
        mode: "stop",
        channel: "content",
        byte: 2_048,
        event: 77,
        evidence: Array(#""period":12"#.utf8)
    )
}

/// Random numbers that are the same in every run of the tests.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

import CoreMetrics
import Exposition
import Foundation
import Testing

/// The judgement of Prometheus' own linter, where it is installed.
@Suite struct PromtoolTests {
    static let promtool = ProcessInfo.processInfo.environment["PATH", default: ""]
        .split(separator: ":")
        .map { "\($0)/promtool" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(.enabled(if: promtool != nil, "promtool is not on PATH; Debian's package `prometheus` has it"))
    func promtoolFindsNothingToSay() throws {
        let metrics = PrometheusMetrics([
            MetricDescription("loopguard_runs_total", help: "Runs that have ended, by \\ and \"."),
            MetricDescription("loopguard_detection_seconds_total", help: "Time spent in detectors."),
            MetricDescription("loopguard_active_runs", help: "Runs under way."),
            MetricDescription("loopguard_time_to_first_token_seconds", help: "Wait for the first token."),
            MetricDescription("loopguard_event_bytes", help: "Sizes of events.", buckets: MetricDescription.bytes),
        ])
        for model in ["qwen \"3\"\n", "gpt\\oss", "ünïcode", ""] {
            let dimensions = [("model", model)]
            Counter(label: "loopguard_runs_total", dimensions: dimensions, factory: metrics).increment()
            CoreMetrics.Timer(
                label: "loopguard_time_to_first_token_seconds",
                dimensions: dimensions,
                factory: metrics
            ).recordMilliseconds(120)
        }
        FloatingPointCounter(label: "loopguard_detection_seconds_total", factory: metrics).increment(by: 1e-7)
        Meter(label: "loopguard_active_runs", factory: metrics).set(Double.nan)
        Meter(label: "loopguard_active_runs", dimensions: [("engine", "e")], factory: metrics).set(-1e300)
        Recorder(label: "loopguard_event_bytes", factory: metrics).record(70)

        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.promtool))
        process.arguments = ["check", "metrics"]
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(metrics.render().utf8))
        try input.fileHandleForWriting.close()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(String(decoding: said, as: UTF8.self).isEmpty)
        #expect(process.terminationStatus == 0)
    }
}

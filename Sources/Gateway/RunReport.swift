internal import Cancellation
internal import CoreMetrics
internal import Guard
internal import Logging
internal import LoopDetection
internal import Metrics
internal import NIOCore
internal import Runs
internal import Synchronization

/// What is told about a run that is over: its metrics, its log line, its place among the ended runs.
enum RunReport {
    /// The client has its answer.
    static func close(_ run: Run, in gateway: GatewayContext) {
        let duration = (NIODeadline.now() - .uptimeNanoseconds(run.startedAt)).nanoseconds
        run.figures.durationNanoseconds.store(duration, ordering: .relaxed)
        gateway.metrics.inFlight.decrement()
        gateway.metrics.duration.recordNanoseconds(duration)
    }

    /// The run comes to rest: all that is to be known of it is known. Only the first call for a run does anything.
    static func conclude(_ run: Run, in gateway: GatewayContext) {
        _ = run.state.settle()
        guard gateway.registry.conclude(run, at: NIODeadline.now().uptimeNanoseconds, time: WallClock.now) else {
            return
        }
        let state = run.state.current
        let kind = RunKind(label: run.facts.kind)
        gateway.metrics.request(kind, ended: state.phase)
        let level = kind == .other ? Logger.Level.debug : .info
        let logger = gateway.configuration.logger
        guard logger.logLevel <= level else { return }
        let firstByte = run.figures.firstByteNanoseconds.load(ordering: .relaxed)
        var metadata: Logger.Metadata = [
            "run_id": "\(run.id)", "model": "\(oneLine(run.facts.model))", "path": "\(oneLine(run.facts.path))",
            "status": "\(run.figures.status.load(ordering: .relaxed))", "outcome": "\(state.phase.name)",
            "bytes": "\(run.figures.bytes.load(ordering: .relaxed))",
            "events": "\(run.figures.events.load(ordering: .relaxed))",
            "ttft_ms": "\(Double(firstByte / 1_000) / 1_000)",
            "duration_ms": "\(Double(run.figures.durationNanoseconds.load(ordering: .relaxed) / 1_000) / 1_000)",
        ]
        if let reason = state.reason { metadata["reason"] = "\(reason.name)" }
        if state.reason?.detector != nil, let verdict = run.verdict {
            metadata["detector"] = "\(verdict.detector.name)"
        }
        logger.log(level: level, "run finished", metadata: metadata)
    }

    /// What a client sent, short and without line ends, so that it cannot write log lines of its own.
    private static func oneLine(_ text: String) -> String {
        // Nearly always it is that already.
        if text.utf8.count <= 128, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        return shortened(text)
    }

    private static func shortened(_ text: String) -> String {
        String(text.prefix(128).map { $0.isASCII && $0.asciiValue! < 0x20 || $0.isNewline ? " " : $0 })
    }
}

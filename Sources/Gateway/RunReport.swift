internal import Cancellation
internal import CoreMetrics
internal import Guard
internal import Logging
internal import LoopDetection
internal import Metrics
internal import NIOCore
internal import Synchronization

/// What is told about a run that is over: its metrics, its log line, its place among the ended runs.
enum RunReport {
    static func publish(_ run: Run, to gateway: GatewayContext) {
        let now = NIODeadline.now()
        let state = run.state.current
        let duration = (now - run.startedAt).nanoseconds
        run.figures.durationNanoseconds.store(duration, ordering: .relaxed)
        gateway.metrics.inFlight.decrement()
        gateway.metrics.request(run.kind, ended: state.phase)
        gateway.metrics.duration.recordNanoseconds(duration)
        if run.kind.isRun { gateway.registry.ended(run, at: now) }
        let level = run.kind == .other ? Logger.Level.debug : .info
        let logger = gateway.configuration.logger
        guard logger.logLevel <= level else { return }
        let firstByte = run.figures.firstByteNanoseconds.load(ordering: .relaxed)
        var metadata: Logger.Metadata = [
            "run_id": "\(run.id)", "model": "\(oneLine(run.model))", "path": "\(oneLine(run.path))",
            "status": "\(run.figures.status.load(ordering: .relaxed))", "outcome": "\(state.phase.name)",
            "bytes": "\(run.figures.bytes.load(ordering: .relaxed))",
            "events": "\(run.figures.events.load(ordering: .relaxed))",
            "ttft_ms": "\(Double(firstByte / 1_000) / 1_000)", "duration_ms": "\(Double(duration / 1_000) / 1_000)",
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

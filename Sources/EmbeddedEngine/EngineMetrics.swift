public import Exposition
internal import Metrics

extension EmbeddedEngine {
    /// What the engine's metrics mean; for the backend that renders them.
    public static let metricDescriptions = [
        MetricDescription(
            "loopguard_engine_sequences_total",
            help: "Sequences of the embedded engine that ended, by how."
        ),
        MetricDescription(
            "loopguard_engine_preemptions_total",
            help: "Times that a sequence of the embedded engine lost its slot for lack of room."
        ),
        MetricDescription("loopguard_engine_tokens_total", help: "Tokens that the embedded engine has written."),
        MetricDescription(
            "loopguard_tokens_after_cancel_total",
            help: "Tokens that the embedded engine wrote after a sequence's cancel flag was set: at most one for each."
        ),
    ]
}

/// The engine's metrics.
struct EngineMetrics: Sendable {
    private let completed = Counter(label: "loopguard_engine_sequences_total", dimensions: [("outcome", "completed")])
    private let cancelled = Counter(label: "loopguard_engine_sequences_total", dimensions: [("outcome", "cancelled")])
    private let tokens = Counter(label: "loopguard_engine_tokens_total")
    private let preemptions = Counter(label: "loopguard_engine_preemptions_total")
    private let tokensAfterCancel = Counter(label: "loopguard_tokens_after_cancel_total")

    /// Counts a sequence that lost its slot.
    func preempted() { preemptions.increment() }

    /// Counts a sequence that has ended.
    func ended(_ status: SequenceStatus) {
        (status.state == .cancelled ? cancelled : completed).increment()
        tokens.increment(by: status.generatedTokens)
        tokensAfterCancel.increment(by: status.tokensAfterCancel)
    }
}

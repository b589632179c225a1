import CoreMetrics
public import Exposition
import Metrics

extension RunRecorder {
    /// What the recorder's metrics mean; for the backend that renders them.
    public static let metricDescriptions = [
        MetricDescription(
            "loopguard_recordings_total",
            help: "Runs that were to be recorded, by outcome: recorded, discarded (nothing was found in it), dropped."
        ),
        MetricDescription(
            "loopguard_recording_dropped_total",
            help: """
                Runs whose recording was given up, by reason: queue_full, too_long (undecided for longer than there is \
                memory for), write_failed, abandoned.
                """
        ),
        MetricDescription("loopguard_recording_bytes_total", help: "Bytes written to segments, compressed."),
    ]
}

/// The recorder's metrics.
struct RecorderMetrics: Sendable {
    private let recorded: Counter
    private let discarded: Counter
    private let dropped: Counter
    private let reasons: [Inbox.DropReason: Counter]
    private let bytes: Counter

    init(_ factory: any MetricsFactory) {
        func outcome(_ name: String) -> Counter {
            Counter(label: "loopguard_recordings_total", dimensions: [("outcome", name)], factory: factory)
        }
        recorded = outcome("recorded")
        discarded = outcome("discarded")
        dropped = outcome("dropped")
        let names = Inbox.DropReason.allCases.map { reason in
            let dimensions = [("reason", reason.rawValue)]
            return (
                reason, Counter(label: "loopguard_recording_dropped_total", dimensions: dimensions, factory: factory)
            )
        }
        reasons = Dictionary(uniqueKeysWithValues: names)
        bytes = Counter(label: "loopguard_recording_bytes_total", dimensions: [], factory: factory)
    }

    func recordedRun() { recorded.increment() }
    func discardedRun() { discarded.increment() }

    func droppedRun(_ reason: Inbox.DropReason) {
        dropped.increment()
        reasons[reason]?.increment()
    }

    func wrote(_ count: Int) { bytes.increment(by: count) }
}

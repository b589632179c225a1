public import CoreMetrics
import Synchronization

/// A swift-metrics backend that shows every metric on one page in the Prometheus text format 0.0.4.
///
/// Bootstrap it once with `MetricsSystem.bootstrap` and answer `GET /metrics` with ``render()``. Making a metric takes
/// a lock; recording into one does not. The same label and dimensions always give the same handler.
///
/// Counters become counters; meters, and recorders that do not aggregate, become gauges; timers and aggregating
/// recorders become histograms, timers in seconds.
public final class PrometheusMetrics: MetricsFactory, Sendable {
    /// What `Content-Type` a page is sent with.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private let descriptions: [String: MetricDescription]
    private let families = Mutex<[String: Family]>([:])

    private struct Family {
        let kind: MetricKind
        var series: [String: any Series] = [:]
        /// Kinds under which the name was asked for as well. One name has one type in the format, and one series has one
        /// value, so these are not shown; the page says so.
        var refused: Set<MetricKind> = []
    }

    /// Creates a backend that knows these metrics. One that is not described is shown all the same, with a help text
    /// that says so and, as a histogram, with the ``MetricDescription/latency`` buckets.
    public init(_ descriptions: [MetricDescription] = []) {
        self.descriptions = Dictionary(descriptions.map { ($0.name, $0) }) { $1 }
    }

    /// The page: families by name, series by labels.
    public func render() -> String {
        // Series are read outside the lock, so a slow page does not keep anyone from making a metric.
        let families = families.withLock { $0 }
        var page = TextPage()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            for kind in family.refused.sorted(by: { $0.rawValue < $1.rawValue }) {
                page.comment("\(name): a second use, as a \(kind.rawValue), is not shown.")
            }
            guard !family.series.isEmpty else { continue }
            page.family(name, help: descriptions[name]?.help ?? "Not described.", kind: family.kind)
            for (_, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(into: &page)
            }
        }
        return page.text
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(.counter, label, dimensions) { IntegerCounter($0, $1) }
    }

    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(.counter, label, dimensions) { NumberCounter($0, $1) }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(.gauge, label, dimensions) { Gauge($0, $1) }
    }

    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : series(.gauge, label, dimensions) { Gauge($0, $1) }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> Histogram {
        series(.histogram, label, dimensions) { [descriptions] name, labels in
            Histogram(name, labels, bounds: descriptions[name]?.buckets ?? MetricDescription.latency)
        }
    }

    /// The series of that name and those labels, made when there is none. Asked for a second type of a name, it gives
    /// a series that works and is not shown.
    private func series<Kind: Series>(
        _ kind: MetricKind,
        _ label: String,
        _ dimensions: [(String, String)],
        make: @Sendable (String, String) -> Kind
    ) -> Kind {
        let name = TextPage.name(label)
        let labels = TextPage.labels(dimensions)
        return families.withLock { families in
            var family = families.removeValue(forKey: name) ?? Family(kind: kind)
            defer { families[name] = family }
            if let known = family.series[labels] as? Kind { return known }
            let made = make(name, labels)
            if family.kind == kind, family.series[labels] == nil {
                family.series[labels] = made
            } else {
                family.refused.insert(kind)
            }
            return made
        }
    }

    private func remove(_ handler: AnyObject) {
        guard let series = handler as? any Series else { return }
        families.withLock { families in
            guard families[series.name]?.series[series.labels] === series else { return }
            families[series.name]?.series[series.labels] = nil
        }
    }
}

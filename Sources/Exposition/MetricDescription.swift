/// What is known of a metric before it is first used: its help text and, for histograms, its buckets.
public struct MetricDescription: Sendable, Equatable {
    /// The name in Prometheus form: `loopguard_` in front, the base unit behind, `_total` for counters.
    public var name: String
    /// One sentence for whoever reads the metric.
    public var help: String
    /// The upper bounds of a histogram's buckets, rising, without infinity; in seconds for a timer.
    public var buckets: [Double]

    /// Describes a metric. Bounds are put in order; those that are not finite are left out.
    public init(_ name: String, help: String, buckets: [Double] = Self.latency) {
        self.name = name
        self.help = help
        self.buckets = Set(buckets.filter(\.isFinite)).sorted()
    }

    /// Bounds in seconds for what a person waits for: the first token, a whole answer.
    public static let latency: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
    ]

    /// Bounds in seconds for work done between two reads of a socket: from a microsecond to a tenth of a second.
    public static let processing: [Double] = [
        0.000_001, 0.000_002_5, 0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.001, 0.01, 0.1,
    ]

    /// Bounds for sizes in bytes: 64 B to 16 MiB, each four times the one before.
    public static let bytes: [Double] = (3...12).map { Double(1 << (2 * $0)) }
}

import CoreMetrics
import Synchronization

/// One line of a metric, or the lines of one histogram: a value that many threads change and one reads now and then.
protocol Series: AnyObject, Sendable {
    /// The family it belongs to.
    var name: String { get }
    /// Its labels as they stand between the braces; empty for none.
    var labels: String { get }
    /// Writes its sample lines.
    func write(into page: inout TextPage)
}

/// A floating-point number that is added to without a lock.
struct AtomicNumber: ~Copyable, Sendable {
    private let bits = Atomic<UInt64>(0)  // The pattern of 0.0 is 0.

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var seen = bits.load(ordering: .relaxed)
        while true {
            let sum = Double(bitPattern: seen) + amount
            let (exchanged, original) = bits.weakCompareExchange(
                expected: seen,
                desired: sum.bitPattern,
                ordering: .relaxed
            )
            if exchanged { return }
            seen = original
        }
    }
}

/// A counter of whole things. A negative amount is ignored, because a counter that falls reads as a restart.
final class IntegerCounter: Series, CounterHandler {
    let name: String
    let labels: String
    private let count = Atomic<UInt64>(0)

    init(_ name: String, _ labels: String) {
        self.name = name
        self.labels = labels
    }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        count.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    func reset() { count.store(0, ordering: .relaxed) }

    func write(into page: inout TextPage) {
        page.sample(name, labels, value: String(count.load(ordering: .relaxed)))
    }
}

/// A counter of fractions, such as seconds. What is negative or not finite is ignored.
final class NumberCounter: Series, FloatingPointCounterHandler {
    let name: String
    let labels: String
    private let total = AtomicNumber()

    init(_ name: String, _ labels: String) {
        self.name = name
        self.labels = labels
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        total.add(amount)
    }

    func reset() { total.set(0) }

    func write(into page: inout TextPage) { page.sample(name, labels, value: TextPage.text(total.value)) }
}

/// A value that goes up and down.
final class Gauge: Series, MeterHandler, RecorderHandler {
    let name: String
    let labels: String
    private let current = AtomicNumber()

    init(_ name: String, _ labels: String) {
        self.name = name
        self.labels = labels
    }

    func set(_ value: Int64) { current.set(Double(value)) }
    func set(_ value: Double) { current.set(value) }
    func increment(by amount: Double) { current.add(amount) }
    func decrement(by amount: Double) { current.add(-amount) }
    func record(_ value: Int64) { current.set(Double(value)) }
    func record(_ value: Double) { current.set(value) }

    func write(into page: inout TextPage) { page.sample(name, labels, value: TextPage.text(current.value)) }
}

/// Observations counted in fixed buckets. Nanoseconds of a timer become seconds here.
final class Histogram: Series, TimerHandler, RecorderHandler {
    let name: String
    let labels: String
    private let bounds: [Double]
    /// One for each bound and one for what lies above them all; each holds only its own observations.
    private let buckets: [Bucket]
    private let sum = AtomicNumber()

    /// An atomic cannot stand in an array, a reference to one can.
    private final class Bucket: Sendable {
        let count = Atomic<UInt64>(0)
    }

    init(_ name: String, _ labels: String, bounds: [Double]) {
        self.name = name
        self.labels = labels
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in Bucket() }
    }

    func record(_ value: Int64) { record(Double(value)) }

    /// NaN belongs to no bucket and would spoil the sum for good, so it is ignored.
    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        buckets[bucket].count.wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    /// The count is the sum of the buckets as they were read, so that a page written amid observations adds up.
    func write(into page: inout TextPage) {
        let separator = labels.isEmpty ? "" : ","
        var cumulative: UInt64 = 0
        for (index, bucket) in buckets.enumerated() {
            cumulative += bucket.count.load(ordering: .relaxed)
            let bound = index < bounds.count ? TextPage.text(bounds[index]) : "+Inf"
            page.sample("\(name)_bucket", "\(labels)\(separator)le=\"\(bound)\"", value: String(cumulative))
        }
        page.sample("\(name)_sum", labels, value: TextPage.text(sum.value))
        page.sample("\(name)_count", labels, value: String(cumulative))
    }
}

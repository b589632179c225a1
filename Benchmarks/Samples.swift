/// Repeated measurements of one quantity.
struct Samples: Sendable {
    /// In the order in which they were taken.
    let values: [Double]
    private let sorted: [Double]

    init(_ values: [Double]) {
        self.values = values
        sorted = values.sorted()
    }

    var isEmpty: Bool { values.isEmpty }
    var lowest: Double { sorted.first ?? .nan }
    var highest: Double { sorted.last ?? .nan }
    var median: Double {
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// The smallest value that is not below the given share of the others.
    func percentile(_ share: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        return sorted[Int((Double(sorted.count - 1) * share).rounded())]
    }

    func map(_ transform: (Double) -> Double) -> Samples { Samples(values.map(transform)) }

    /// These measurements against others of the same rounds, pair by pair when there are as many of both.
    func compared(with other: Samples, _ combine: (Double, Double) -> Double) -> Samples {
        guard values.count == other.values.count else { return Samples([combine(median, other.median)]) }
        return Samples(zip(values, other.values).map(combine))
    }

    /// `median (lowest–highest)`, or the one value that there is.
    var text: String {
        guard !isEmpty else { return "never" }
        guard values.count > 1 else { return median.shortText }
        return "\(median.shortText) (\(lowest.shortText)–\(highest.shortText))"
    }
}

extension Double {
    /// About three significant digits, and every digit before the point.
    var shortText: String {
        guard isFinite else { return "–" }
        let size = magnitude
        let decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size == 0 ? 0 : size < 0.095 ? 4 : 2
        let scale = [1.0, 10, 100, 1_000, 10_000][decimals]
        let scaled = Int((size * scale).rounded())
        let sign = self < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % Int(scale))
        return "\(sign)\(scaled / Int(scale)).\(String(repeating: "0", count: decimals - fraction.count))\(fraction)"
    }
}

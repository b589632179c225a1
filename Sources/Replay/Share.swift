/// So many of so many, and what that says about the true share.
public struct Share: Sendable, Equatable, Encodable {
    /// How many.
    public var count: Int
    /// Of how many.
    public var of: Int

    /// Creates a share.
    public init(_ count: Int, of total: Int) {
        self.count = count
        of = total
    }

    /// The share observed; 0 of nothing.
    public var rate: Double { of == 0 ? 0 : Double(count) / Double(of) }

    /// The interval that holds the true share with 95 % confidence, after E. B. Wilson, "Probable inference, the law of
    /// succession, and statistical inference", JASA 22 (1927). Unlike the customary one it is right for shares near 0.
    public var interval: ClosedRange<Double> {
        guard of > 0 else { return 0...1 }
        let (n, z) = (Double(of), 1.959_963_985)
        let spread = z * (rate * (1 - rate) / n + z * z / (4 * n * n)).squareRoot()
        let (centre, scale) = (rate + z * z / (2 * n), 1 + z * z / n)
        return max(0, (centre - spread) / scale)...min(1, (centre + spread) / scale)
    }

    private enum Key: CodingKey { case count, of, rate, low, high }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        func rounded(_ share: Double) -> Double { (share * 100_000).rounded() / 100_000 }
        try container.encode(count, forKey: .count)
        try container.encode(of, forKey: .of)
        try container.encode(rounded(rate), forKey: .rate)
        try container.encode(rounded(interval.lowerBound), forKey: .low)
        try container.encode(rounded(interval.upperBound), forKey: .high)
    }
}

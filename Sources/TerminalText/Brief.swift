extension Duration {
    /// The time as a person says it: `12 ms`, `1.25 s`, `48 s`, `3m 04s`, `2h 05m`, `3d 04h`.
    public var brief: String {
        let seconds = self / .seconds(1)
        if seconds < 0 { return "0 ms" }
        if seconds < 0.01 { return "\(Self.rounded(seconds * 1_000, places: 1)) ms" }
        if seconds < 1 { return "\(Int((seconds * 1_000).rounded())) ms" }
        if seconds < 10 { return "\(Self.rounded(seconds, places: 2)) s" }
        if seconds < 60 { return "\(Int(seconds)) s" }
        let whole = Int(min(seconds, 1e12))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if whole < 3_600 { return "\(whole / 60)m \(two(whole % 60))s" }
        if whole < 86_400 { return "\(whole / 3_600)h \(two(whole / 60 % 60))m" }
        return "\(whole / 86_400)d \(two(whole / 3_600 % 24))h"
    }

    private static func rounded(_ number: Double, places: Int) -> String {
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let units = Int((number * Double(scale)).rounded())
        let fraction = String(units % scale)
        return "\(units / scale).\(String(repeating: "0", count: places - fraction.count))\(fraction)"
    }
}

extension BinaryInteger {
    /// The number with its noun: `1 run`, `2 runs`.
    public func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}

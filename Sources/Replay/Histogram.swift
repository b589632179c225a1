/// Counts of sizes, from each power of two to the next.
struct Histogram: Sendable, Equatable {
    /// How many sizes were below 1, 2, 4, … and not below the bound before.
    private(set) var counts: [Int] = []
    private(set) var total = 0

    mutating func add(_ size: Int) {
        let place = size <= 0 ? 0 : Int.bitWidth - size.leadingZeroBitCount
        while counts.count <= place { counts.append(0) }
        counts[place] += 1
        total += 1
    }

    /// The first and the last place with a count.
    var extent: ClosedRange<Int>? {
        guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }) else {
            return nil
        }
        return first...last
    }

    func count(at place: Int) -> Int { counts.indices.contains(place) ? counts[place] : 0 }

    /// The least size that is counted at a place.
    static func lowerBound(_ place: Int) -> Int { place == 0 ? 0 : 1 << (place - 1) }
}

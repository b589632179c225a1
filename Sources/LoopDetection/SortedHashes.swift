/// Sets of hashes as sorted arrays: small, and compared without allocating.
extension [UInt32] {
    /// Sorts and drops what occurs twice.
    ///
    /// A shell sort (gaps of Knuth, "The Art of Computer Programming", volume 3, 5.2.1), because the sort of the
    /// standard library allocates a buffer each time.
    mutating func sortAndUnique() {
        var hashes = mutableSpan
        var gap = 1
        while gap < hashes.count / 3 { gap = gap * 3 + 1 }
        while gap >= 1, gap < hashes.count {
            for start in gap..<hashes.count {
                let value = hashes[start]
                var index = start
                while index >= gap, hashes[index - gap] > value {
                    hashes[index] = hashes[index - gap]
                    index -= gap
                }
                hashes[index] = value
            }
            gap /= 3
        }
        var written = 0
        for index in 0..<hashes.count where written == 0 || hashes[index] != hashes[written - 1] {
            hashes[written] = hashes[index]
            written += 1
        }
        removeLast(count - written)
    }

    /// Whether a sorted array has a value.
    func containsSorted(_ value: UInt32) -> Bool {
        var lower = 0
        var upper = count
        while lower < upper {
            let middle = (lower + upper) / 2
            if self[middle] < value { lower = middle + 1 } else { upper = middle }
        }
        return lower < count && self[lower] == value
    }
}

/// A Bloom filter over hashes with one bit for each (Bloom, "Space/time trade-offs in hash coding with allowable
/// errors", 1970). It tells most hashes that sets do not have without looking into the sets. The lowest bit of a hash
/// is a kind and not random.
struct HashFilter {
    private var bits: InlineArray<128, UInt64> = .init(repeating: 0)

    mutating func insert(_ hash: UInt32) { bits[Int(hash >> 7 & 127)] |= 1 << UInt64(hash >> 1 & 63) }

    func mayContain(_ hash: UInt32) -> Bool { bits[Int(hash >> 7 & 127)] >> UInt64(hash >> 1 & 63) & 1 == 1 }
}

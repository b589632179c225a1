/// Sets of hashes as sorted arrays: small, and compared without allocating.
extension [UInt32] {
    /// Sorts and drops what occurs twice.
    ///
    /// A shell sort (gaps of Knuth, "The Art of Computer Programming", volume 3, 5.2.1), because the sort of the
    /// standard library allocates a buffer each time.
    ///
    /// Many are first put in order of their highest bits. They are random, so that hardly anything is left to do; when
    /// they are not, the shell sort sets the bound.
    mutating func sortAndUnique() {
        let isNearlySorted = count > 32 && distribute()
        var hashes = mutableSpan
        var gap = 1
        while !isNearlySorted, gap < hashes.count / 3 { gap = gap * 3 + 1 }
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

    /// Puts the hashes in order of their highest six bits. Returns whether few have the same, so that none is far from
    /// its place.
    private mutating func distribute() -> Bool {
        var ends = InlineArray<64, Int>(repeating: 0)
        for hash in self { ends[Int(hash >> 26)] += 1 }
        var total = 0
        var most = 0
        for bucket in ends.indices {
            most = Swift.max(most, ends[bucket])
            total += ends[bucket]
            ends[bucket] = total
        }
        // On the stack as long as they are as few as in a segment of the shipped length. Every place is written once,
        // because the buckets together have as many as there are hashes.
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { ordered in
            for index in indices {
                let bucket = Int(self[index] >> 26)
                ends[bucket] -= 1
                ordered.initializeElement(at: ends[bucket], to: self[index])
            }
            var places = mutableSpan
            for index in places.indices { places[index] = ordered[index] }
        }
        return most <= 32
    }

    /// Whether a sorted array has a value.
    func containsSorted(_ value: UInt32) -> Bool {
        let hashes = span
        var length = hashes.count
        guard length > 0 else { return false }
        // The value, if it is here at all, is among the `length` hashes from `lower` on, and these are inside.
        var lower = 0
        while length > 1 {
            let half = length / 2
            lower &+= hashes[unchecked: lower &+ half] <= value ? half : 0
            length &-= half
        }
        return hashes[lower] == value
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

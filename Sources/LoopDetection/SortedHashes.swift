/// Sets of hashes as sorted arrays: small, and compared without allocating.
extension [UInt32] {
    /// Sorts and drops what occurs twice.
    ///
    /// A shell sort (gaps of Knuth, "The Art of Computer Programming", volume 3, 5.2.1), because the sort of the
    /// standard library allocates a buffer each time.
    mutating func sortAndUnique() {
        var gap = 1
        while gap < count / 3 { gap = gap * 3 + 1 }
        while gap >= 1, gap < count {
            for start in gap..<count {
                let value = self[start]
                var index = start
                while index >= gap, self[index - gap] > value {
                    self[index] = self[index - gap]
                    index -= gap
                }
                self[index] = value
            }
            gap /= 3
        }
        var written = 0
        for index in indices where written == 0 || self[index] != self[written - 1] {
            self[written] = self[index]
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

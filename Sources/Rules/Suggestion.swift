/// Finding what somebody may have meant.
package enum Suggestion {
    /// The candidate nearest to `word`; `nil` when none is near.
    ///
    /// Near is an optimal string alignment distance of at most a third of the longer word, and at least 1.
    package static func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
        candidates
            .map { (distance: distance(word, $0), candidate: $0) }
            .filter { $0.distance <= max(1, max(word.count, $0.candidate.count) / 3) }
            .min { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }?
            .candidate
    }

    /// How many insertions, deletions, substitutions and swaps of neighbours make one word the other. Words too long
    /// to be a slip are not compared.
    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.lowercased()), Array(right.lowercased()))
        guard left.count <= 64, right.count <= 64 else { return .max }
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                var best = min(rows[i][j + 1], row[j]) + 1
                best = min(best, rows[i][j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}

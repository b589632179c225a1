internal import RunIdentity

/// The trees of the known runs.
struct Forest {
    mutating func insert(_ run: Run) {}
    mutating func remove(_ run: Run) {}
    func refusal(of run: Run, at now: UInt64) -> Tombstone? { nil }
    mutating func bury(_ run: Run, at now: UInt64) {}
    func ancestors(of run: Run) -> [Run] { [] }
    func descendants(of run: Run) -> [[Run]] { [] }
}

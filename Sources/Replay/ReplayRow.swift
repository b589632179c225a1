/// What became of one recording: under the rules, and under those that they are compared against.
public struct ReplayRow: Sendable, Equatable {
    /// Under the rules.
    public var result: ReplayResult
    /// Under the rules compared against; `nil` when there are none.
    public var before: ReplayResult?

    /// Creates a row.
    public init(_ result: ReplayResult, before: ReplayResult? = nil) {
        self.result = result
        self.before = before
    }

    /// What the rules change; `nil` without a comparison, and for what could not be replayed.
    public var change: Change? {
        guard let before, before.error == nil, result.error == nil else { return nil }
        return Change(from: before, to: result)
    }
}

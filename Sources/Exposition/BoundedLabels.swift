import Synchronization

/// Keeps label values that come from outside, such as model names, from growing without end.
///
/// Each label name keeps the first values it sees, up to a limit; every later one, and any that is very long, becomes
/// ``other``. Values are never forgotten, so a series once begun goes on.
public final class BoundedLabels: Sendable {
    /// The value that stands for all those beyond the limit.
    public static let other = "other"
    /// The longest value that is kept, in bytes of UTF-8.
    public static let longestValue = 128

    private let limit: Int
    private let seen = Mutex<[String: Set<String>]>([:])

    /// Keeps up to `limit` distinct values for each label name.
    public init(limit: Int = 64) { self.limit = limit }

    /// The value to use for `value` under the label `name`.
    public func value(_ value: String, of name: String) -> String {
        guard value.utf8.count <= Self.longestValue else { return Self.other }
        return seen.withLock { seen in
            if seen[name]?.contains(value) == true { return value }
            guard seen[name, default: []].count < limit else { return Self.other }
            seen[name, default: []].insert(value)
            return value
        }
    }
}

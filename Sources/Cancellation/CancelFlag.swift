private import Synchronization

/// One word that says whether a sequence is to end before its natural end, and why.
///
/// The first writer wins, and there are only two kinds of writers: those who ``set(_:)`` a reason and the one who
/// ``close()``s the word because the sequence has reached its natural end. So the race between a cancel and a natural
/// end has exactly one outcome, and everybody learns the same one. There is no way to set the flag without a reason.
public final class CancelFlag: Sendable {
    private static let open: UInt16 = 0
    /// Above every reason's byte, so that it can never be mistaken for one.
    private static let closed: UInt16 = 256

    private let word = Atomic<UInt16>(CancelFlag.open)

    /// Creates a flag that is neither set nor closed.
    public init() {}

    /// Asks for the sequence to end.
    /// - Returns: Whether this call decided it: `false` when a reason was there already or the sequence has ended.
    @discardableResult
    public func set(_ reason: EndReason) -> Bool {
        word.compareExchange(expected: Self.open, desired: UInt16(reason.code), ordering: .acquiringAndReleasing)
            .exchanged
    }

    /// Says that the sequence has reached its natural end. Later reasons are refused.
    /// - Returns: Whether the natural end came first: `false` when a reason was there already.
    @discardableResult
    public func close() -> Bool {
        word.compareExchange(expected: Self.open, desired: Self.closed, ordering: .acquiringAndReleasing).exchanged
    }

    /// The reason that was set; `nil` while there is none and after a natural end.
    public var reason: EndReason? { EndReason(code: UInt8(truncatingIfNeeded: word.load(ordering: .acquiring))) }

    /// Whether a reason was set.
    public var isSet: Bool { reason != nil }

    /// Whether the natural end came first.
    public var isClosed: Bool { word.load(ordering: .acquiring) == Self.closed }
}

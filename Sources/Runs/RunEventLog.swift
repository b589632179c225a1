internal import Synchronization

/// What happened to runs lately, in order, for those who follow and for those who come back.
///
/// A bounded ring. Followers are only told that there is more, and read on from where they are when they can take it: a
/// slow one costs no memory and holds nobody up, and one that falls behind by more than the ring holds is told so.
public final class RunEventLog: Sendable {
    private struct Shelf {
        var events: [RunEvent] = []
        /// The number of the next event.
        var next: UInt64 = 1
        var followers: [UInt64: @Sendable () -> Void] = [:]
        var lastFollower: UInt64 = 0
    }

    private let shelf = Mutex(Shelf())
    private let capacity: Int

    /// A log that keeps that many events.
    public init(capacity: Int = 4_096) { self.capacity = capacity }

    /// Adds an event and rings at all followers' doors.
    public func append(_ event: RunEvent) {
        let followers = shelf.withLock { shelf -> [@Sendable () -> Void] in
            var event = event
            event.number = shelf.next
            if shelf.events.count < capacity {
                shelf.events.append(event)
            } else {
                shelf.events[Int((shelf.next - 1) % UInt64(capacity))] = event
            }
            shelf.next += 1
            return shelf.followers.isEmpty ? [] : Array(shelf.followers.values)
        }
        for ring in followers { ring() }
    }

    /// The number of the newest event; 0 before the first.
    public var newest: UInt64 { shelf.withLock { $0.next - 1 } }

    /// What came after an event, oldest first.
    /// - Parameter number: The number of the last event that is known; one that does not exist yet, as from before a
    ///   restart, counts as 0.
    /// - Returns: At most `count` events, and how many were lost before the first of them.
    public func events(after number: UInt64, atMost count: Int = 256) -> (events: [RunEvent], lost: UInt64) {
        shelf.withLock { shelf in
            let known = number < shelf.next ? number : 0
            let oldest = shelf.next - UInt64(shelf.events.count)
            let first = max(known + 1, oldest)
            let last = min(shelf.next, first + UInt64(count))
            guard first < last else { return ([], 0) }
            let events = (first..<last).map { shelf.events[Int(($0 - 1) % UInt64(capacity))] }
            return (events, number == known ? first - known - 1 : 0)
        }
    }

    /// Rings after every event, from whichever thread added it, until the answer is given to ``unfollow(_:)``.
    public func follow(_ ring: @escaping @Sendable () -> Void) -> UInt64 {
        shelf.withLock { shelf in
            shelf.lastFollower += 1
            shelf.followers[shelf.lastFollower] = ring
            return shelf.lastFollower
        }
    }

    /// Rings no more.
    public func unfollow(_ follower: UInt64) { shelf.withLock { $0.followers[follower] = nil } }

    /// Whether anybody follows.
    public var isFollowed: Bool { shelf.withLock { !$0.followers.isEmpty } }
}

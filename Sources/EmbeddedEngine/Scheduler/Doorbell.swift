private import Dispatch
private import Synchronization

/// Wakes a thread that has nothing to do. A ring while it is awake is remembered; many rings count as one.
final class Doorbell: Sendable {
    private let rung = Atomic(false)
    private let semaphore = DispatchSemaphore(value: 0)

    func ring() {
        if !rung.exchange(true, ordering: .acquiringAndReleasing) { semaphore.signal() }
    }

    /// Waits for a ring, and at most until the deadline. Afterwards everything that happened before the ring is seen.
    func wait(until deadline: ContinuousClock.Instant?) {
        if let deadline {
            let nanoseconds = (deadline - .now) / .nanoseconds(1)
            guard nanoseconds > 0 else { return }
            // When the time runs out a signal may still come: the next wait then returns early, which does no harm.
            if semaphore.wait(timeout: .now() + .nanoseconds(Int(nanoseconds))) == .timedOut { return }
        } else {
            semaphore.wait()
        }
        _ = rung.exchange(false, ordering: .acquiringAndReleasing)
    }
}

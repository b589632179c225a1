import Dispatch
import Synchronization
import Testing

/// Waits until the condition holds; records an issue when it does not within a time that is far too long.
func eventually(
    _ condition: @Sendable () -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while !condition() {
        if ContinuousClock.now > deadline {
            Issue.record("the condition never held", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// Holds up the scheduler's thread at the first point that is chosen, until the test lets it go on.
final class Gate: Sendable {
    private let hasArrived = Atomic(false)
    private let isOpen = DispatchSemaphore(value: 0)

    /// Called on the scheduler's thread.
    func pass(if isHere: Bool) {
        guard isHere, !hasArrived.exchange(true, ordering: .sequentiallyConsistent) else { return }
        isOpen.wait()
    }

    var isHolding: Bool { hasArrived.load(ordering: .sequentiallyConsistent) }
    func open() { isOpen.signal() }
}

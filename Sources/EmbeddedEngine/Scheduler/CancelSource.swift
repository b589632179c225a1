public import Cancellation

/// A place outside the engine where someone may ask for the end of a request: a board in shared memory, for example.
///
/// The scheduler asks once per turn for every sequence that waits or runs, and in any case before a sequence is given a
/// slot, so that what was asked for while it waited or was swapped out is never overlooked.
public protocol CancelSource: Sendable {
    /// Called once for each request, on the thread of its connection.
    /// - Parameter names: Every name that the request answers to.
    /// - Returns: What tells whether the request is to end; `nil` when this source knows nothing of it.
    func signal(for names: [String]) -> CancelSignal?
}

/// Tells why a request is to end; `nil` while it may go on. Called on the scheduler's thread, which waits for it: it
/// must be quick and must not block.
public typealias CancelSignal = @Sendable () -> EndReason?

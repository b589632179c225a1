public import Cancellation
private import Synchronization

/// A place outside the engine where someone may ask for the end of a request: a board in shared memory, for example.
///
/// The scheduler asks once per turn for every sequence that waits or runs, and in any case before a sequence is given a
/// slot, so that what was asked for while it waited or was swapped out is never overlooked.
public protocol CancelSource: Sendable {
    /// Takes up a request, on the thread of its connection, before it waits for a slot.
    /// - Parameters:
    ///   - names: Every name that the request answers to.
    ///   - header: The first value of one of the request's headers.
    /// - Returns: What tells whether the request is to end; `nil` when this source knows nothing of it.
    func admit(_ names: [String], header: (String) -> String?) -> (any CancelTicket)?

    /// Whether tickets are to be looked at in this turn. Called at the beginning of each turn, on the scheduler's thread.
    func poll() -> Bool
}

/// What a ``CancelSource`` knows of one request. Reading it must be quick and must not block.
public protocol CancelTicket: Sendable {
    /// Why the request is to end; `nil` while it may go on. Read from any thread.
    var reason: EndReason? { get }

    /// The engine is done with the request and all its choices. Called once.
    /// - Parameters:
    ///   - isCancelled: Whether a choice ended for a reason rather than naturally.
    ///   - tokens: What was written, over all choices.
    func finish(isCancelled: Bool, tokens: Int)
}

/// One ticket for all choices of a request.
final class SharedTicket: Sendable {
    private struct Rest {
        var choices: Int
        var isCancelled = false
        var tokens = 0
    }

    private let ticket: any CancelTicket
    private let rest: Mutex<Rest>

    init(_ ticket: any CancelTicket, choices: Int) {
        self.ticket = ticket
        rest = Mutex(Rest(choices: choices))
    }

    var reason: EndReason? { ticket.reason }

    /// Says how one choice ended; the last one ends the request.
    func finish(isCancelled: Bool, tokens: Int) {
        let last: Rest? = rest.withLock { rest in
            rest.choices -= 1
            rest.isCancelled = rest.isCancelled || isCancelled
            rest.tokens += tokens
            return rest.choices == 0 ? rest : nil
        }
        if let last { ticket.finish(isCancelled: last.isCancelled, tokens: last.tokens) }
    }
}

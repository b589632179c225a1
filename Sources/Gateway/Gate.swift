internal import Synchronization

/// Lets a limited number of runs at the engine; the others wait in the order in which they came.
///
/// Whoever leaves lets the next one in at once. Runs come from several event loops, so everything here is quick and under
/// one lock.
final class Gate: Sendable {
    /// A run's place at the engine. It is given back once, at the latest when nobody has it any more.
    final class Place: Sendable {
        private let gate: Gate
        private let isLeft = Atomic<Bool>(false)

        fileprivate init(_ gate: Gate) { self.gate = gate }
        deinit { leave() }

        /// The engine is done with the run.
        func leave() {
            if !isLeft.exchange(true, ordering: .acquiringAndReleasing) { gate.letNextIn() }
        }
    }

    /// What a run that waits is known by.
    struct Ticket: Sendable, Hashable {
        fileprivate let number: UInt64
    }

    /// What came of a wish to enter.
    enum Entry: Sendable {
        case entered(Place)
        case queued(Ticket)
        /// Nobody else may even wait.
        case full
    }

    private struct Hall {
        var taken = 0
        var waiting: [(ticket: Ticket, admit: @Sendable (Place) -> Void)] = []
        var next: UInt64 = 0
    }

    private let hall = Mutex(Hall())
    private let places: Int
    private let maxWaiting: Int

    init(places: Int, maxWaiting: Int) {
        self.places = places
        self.maxWaiting = maxWaiting
    }

    /// How many wait.
    var waiting: Int { hall.withLock { $0.waiting.count } }

    /// - Parameter admit: Called once, from any thread, when a run that had to wait gets its place.
    func enter(_ admit: @escaping @Sendable (Place) -> Void) -> Entry {
        hall.withLock { hall in
            if hall.taken < places {
                hall.taken += 1
                return .entered(Place(self))
            }
            guard hall.waiting.count < maxWaiting else { return .full }
            let ticket = Ticket(number: hall.next)
            hall.next += 1
            hall.waiting.append((ticket, admit))
            return .queued(ticket)
        }
    }

    /// Does not wait any more. Whoever is being let in at this moment gets a place all the same, and has to leave it.
    func withdraw(_ ticket: Ticket) {
        hall.withLock { $0.waiting.removeAll { $0.ticket == ticket } }
    }

    private func letNextIn() {
        let admit = hall.withLock { hall -> (@Sendable (Place) -> Void)? in
            guard !hall.waiting.isEmpty else {
                hall.taken -= 1
                return nil
            }
            return hall.waiting.removeFirst().admit
        }
        admit?(Place(self))
    }
}

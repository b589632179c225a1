import Cancellation
private import Synchronization

/// Decodes many sequences together, on a thread of its own: continuous batching.
///
/// Each turn reads the cancel flags, takes waiting sequences into free slots in the order in which they came, reads one
/// chunk of one prompt, and gives every sequence that can go on one token. A sequence whose flag is set ends at the
/// beginning of the next turn, whatever else holds it up.
final class Scheduler: Sendable {
    /// Why a request was not taken.
    enum Refusal: Error, Equatable {
        /// As many sequences wait as may wait.
        case queueFull
        /// The scheduler is stopping.
        case stopping
    }

    /// How often flags from outside are read while nothing else happens.
    private static let pollInterval = Duration.milliseconds(5)

    private struct Inbox {
        var waiting: [Generation] = []
        /// How many have left the queue and wait again: they take up places in it.
        var swapped = 0
        var isStopping = false
        var hasEnded = false
        var onEnd: [CheckedContinuation<Void, Never>] = []
    }

    let vocabulary: Vocabulary
    private let configuration: EngineConfiguration
    private let registry: Registry
    private let doorbell = Doorbell()
    private let inbox = Mutex(Inbox())

    /// Starts the thread.
    init(model: any LanguageModel, configuration: EngineConfiguration, registry: Registry) {
        self.configuration = configuration
        self.registry = registry
        vocabulary = Vocabulary(model.tokenizer)
        startThread { [self] in
            var turns = Turns(
                model: model,
                vocabulary: vocabulary,
                configuration: configuration,
                registry: registry
            )
            run(&turns)
        }
    }

    /// Lets sequences wait for a slot: all of them or, when an error is thrown, none.
    func submit(_ generations: [Generation]) throws(Refusal) {
        let refusal: Refusal? = inbox.withLock { inbox in
            if inbox.isStopping { return .stopping }
            if inbox.waiting.count + inbox.swapped + generations.count > configuration.queueCapacity {
                return .queueFull
            }
            inbox.waiting += generations
            return nil
        }
        if let refusal { throw refusal }
        wake()
    }

    /// Says that something has changed that the scheduler may be waiting for: a flag, or room for output.
    func wake() { doorbell.ring() }

    /// Ends all sequences with the reason `shutdown` and returns when the thread has ended.
    func stop() async {
        inbox.withLock { $0.isStopping = true }
        registry.cancelAll(.shutdown)
        await withCheckedContinuation { continuation in
            let hasEnded = inbox.withLock { inbox in
                if !inbox.hasEnded { inbox.onEnd.append(continuation) }
                return inbox.hasEnded
            }
            if hasEnded { continuation.resume() } else { wake() }
        }
    }

    // MARK: - On the thread

    private func run(_ turns: inout Turns) {
        while true {
            configuration.stepHook?(.beforeStep)
            // Flags first: a sequence that is cancelled makes room for one that waits.
            turns.retireFlagged()
            let isStopping = admit(into: &turns)
            if isStopping {
                if turns.isIdle { break }
                continue
            }
            let hasRead = turns.prefillOneChunk()
            let wait = turns.decodeOneStep()
            if hasRead { continue }
            switch wait {
            case .none: continue
            case .until(let instant): doorbell.wait(until: instant)
            case .forChange: doorbell.wait(until: nextLook(turns))
            }
        }
        let onEnd = inbox.withLock { inbox in
            inbox.hasEnded = true
            return inbox.onEnd
        }
        for continuation in onEnd { continuation.resume() }
    }

    /// When to look again although nobody has said that something changed. Flags from outside the process ring no bell.
    private func nextLook(_ turns: Turns) -> ContinuousClock.Instant? {
        guard configuration.cancelSource != nil else { return nil }
        return turns.isIdle && inbox.withLock(\.waiting.isEmpty) ? nil : .now + Self.pollInterval
    }

    /// Gives slots to sequences that wait: first to those that had one before, then to those of the queue.
    /// - Returns: Whether the scheduler is stopping; then nothing waits any more.
    private func admit(into turns: inout Turns) -> Bool {
        while true {
            turns.readmit()
            let (taken, isWaiting, isStopping) = takeWaiting(turns)
            for generation in taken {
                // A sequence may have been queued while the others were told to stop.
                if isStopping { generation.flag.set(.shutdown) }
                turns.admit(generation)
            }
            if isStopping { return true }
            if taken.isEmpty, !isWaiting || !turns.swapOutStalled() { return false }
        }
    }

    /// Takes out of the queue what is cancelled, and the first sequence if there is room for it.
    private func takeWaiting(_ turns: Turns) -> (taken: [Generation], isWaiting: Bool, isStopping: Bool) {
        inbox.withLock { inbox in
            var taken: [Generation] = []
            var hasTakenFirst = false
            inbox.swapped = turns.swappedCount
            inbox.waiting.removeAll { generation in
                if !generation.mustEnd(looksOutside: true), !inbox.isStopping {
                    // Nobody overtakes the first one.
                    guard !hasTakenFirst, turns.hasRoom(for: generation) else {
                        hasTakenFirst = true
                        return false
                    }
                    hasTakenFirst = true
                }
                taken.append(generation)
                return true
            }
            return (taken, !inbox.waiting.isEmpty || turns.hasEager, inbox.isStopping)
        }
    }
}

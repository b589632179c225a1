import CancelBoard
import Cancellation
import Glibc
import Synchronization

/// The gateway's half of the board's stress: keeps all slots busy while threads of its own cancel live requests and
/// requests that are long gone, and checks what the engine says about each.
///
/// Three requests of ten may be cancelled while they live. If one of the other seven is ever reported as cancelled, it
/// was hit by a cancel that was meant for an earlier owner of its slot.
final class StressGateway: Sendable {
    struct Result: Sendable {
        var requests = 0
        var natural = 0
        var cancelled = 0
        /// Requests that were reported as cancelled and that nobody may cancel.
        var wrongOwner = 0
        /// Natural ends whose figures were not those of the request.
        var wrongFigures = 0
        var orphans = 0
        var failed = 0
        /// Handles of ended requests with which a cancel was tried.
        var staleCancels = 0
        /// Those of them that raised or found a flag: somebody else's.
        var staleAccepted = 0
        var liveAccepted = 0
    }

    private let board: BoardOwner
    /// Cancels whoever has a slot, without asking for the generation: the negative control.
    private let blind: BlindCanceller?
    private let requests: Int
    private let cancellers: Int
    private let longest: UInt64
    private let generations: [Generation]
    private let isOver = Atomic(false)
    private let counts = Mutex(Result())

    /// The generation that has a slot now.
    private final class Generation: Sendable {
        let current = Atomic<UInt64>(0)
    }

    init(_ board: BoardOwner, requests: Int, cancellers: Int, longest: UInt64, blind: BlindCanceller?) {
        self.board = board
        self.requests = requests
        self.cancellers = cancellers
        self.longest = longest
        self.blind = blind
        generations = (0..<board.slotCount).map { _ in Generation() }
    }

    /// - Parameter engine: A process that reads requests from its input.
    func run(_ engine: PipedProcess) throws -> Result {
        var threads: [Thread] = []
        for seed in 0..<cancellers { threads.append(Thread { self.cancelAtRandom(seed: UInt64(seed) + 1) }) }
        defer {
            isOver.store(true, ordering: .releasing)
            for thread in threads { thread.join() }
        }
        var result = try serve(engine)
        isOver.store(true, ordering: .releasing)
        for thread in threads { thread.join() }
        threads = []
        counts.withLock {
            result.staleCancels = $0.staleCancels
            result.staleAccepted = $0.staleAccepted
            result.liveAccepted = $0.liveAccepted
        }
        return result
    }

    private func serve(_ engine: PipedProcess) throws -> Result {
        var result = Result()
        var started = 0
        var random = SplitMix(state: 7)
        var inFlight = [(handle: BoardHandle, steps: UInt64)?](repeating: nil, count: board.slotCount)
        var lines: [UInt8] = []
        var lastNews = BoardTime.now()
        while result.requests < requests {
            let before = result.requests
            for index in inFlight.indices {
                guard let (handle, steps) = inFlight[index], let said = board.acknowledgement(handle),
                    case .final(let outcome) = said.state
                else { continue }
                inFlight[index] = nil
                result.count(outcome, mayBeCancelled: Self.mayBeCancelled(handle))
                if outcome == .natural, said.tokens != steps { result.wrongFigures += 1 }
                guard board.release(handle, connectionEnded: true) == .freed else {
                    throw BenchmarkError("the slot of \(handle) did not come back")
                }
            }
            while started < requests, let handle = board.claim(runHash: UInt64(started)) {
                started += 1
                let steps = 1 + random.next() % longest
                inFlight[Int(handle.slot)] = (handle, steps)
                generations[Int(handle.slot)].current.store(handle.generation, ordering: .releasing)
                lines += Array("\(handle) \(steps)\n".utf8)
            }
            if !lines.isEmpty {
                try engine.send(lines)
                lines.removeAll(keepingCapacity: true)
            }
            let now = BoardTime.now()
            if result.requests > before {
                lastNews = now
            } else if now.nanoseconds - lastNews.nanoseconds > 10_000_000_000 {
                throw BenchmarkError("the engine has said nothing for 10 s, after \(result.requests) requests")
            } else {
                sched_yield()
            }
        }
        return result
    }

    /// Every thread tries one live request after each seven that are gone.
    private func cancelAtRandom(seed: UInt64) {
        var random = SplitMix(state: seed)
        var own = Result()
        while !isOver.load(ordering: .acquiring) {
            for _ in 0..<64 {
                let slot = UInt32(random.next() % UInt64(board.slotCount))
                let current = generations[Int(slot)].current.load(ordering: .acquiring)
                if random.next() % 8 == 0 {
                    guard current > 0 else { continue }
                    let handle = BoardHandle(epoch: board.epoch, slot: slot, generation: current)
                    guard Self.mayBeCancelled(handle) else { continue }
                    if board.cancel(handle, .userStop) == .accepted { own.liveAccepted += 1 }
                } else {
                    guard current > 1 else { continue }
                    let age = 1 + random.next() % min(current - 1, 1_000)
                    let handle = BoardHandle(epoch: board.epoch, slot: slot, generation: current - age)
                    own.staleCancels += 1
                    let result = blind?.cancel(handle, .userStop) ?? board.cancel(handle, .userStop)
                    if result == .accepted || result == .already { own.staleAccepted += 1 }
                }
            }
            sched_yield()
        }
        counts.withLock {
            $0.staleCancels += own.staleCancels
            $0.staleAccepted += own.staleAccepted
            $0.liveAccepted += own.liveAccepted
        }
    }

    private static func mayBeCancelled(_ handle: BoardHandle) -> Bool {
        var random = SplitMix(state: handle.generation << 16 | UInt64(handle.slot))
        return random.next() % 10 < 3
    }
}

extension StressGateway.Result {
    mutating func count(_ outcome: BoardOutcome, mayBeCancelled: Bool) {
        requests += 1
        switch outcome {
        case .natural: natural += 1
        case .cancelled:
            cancelled += 1
            if !mayBeCancelled { wrongOwner += 1 }
        case .orphan: orphans += 1
        case .failed: failed += 1
        }
    }

    var isClean: Bool { wrongOwner == 0 && wrongFigures == 0 && orphans == 0 && failed == 0 && staleAccepted == 0 }
}

/// Numbers that are the same in every run: SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

/// A thread that can be waited for.
private final class Thread {
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(body)).toOpaque()
        pthread_create(
            &thread,
            nil,
            { work in
                Unmanaged<Work>.fromOpaque(work!).takeRetainedValue().body()
                return nil
            },
            work
        )
    }

    func join() { pthread_join(thread, nil) }

    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

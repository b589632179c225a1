internal import Cancellation
internal import LoopDetection
internal import NIOCore
internal import Synchronization

/// One exchange with the engine, as the rest of the process sees it: its identity, its state and its figures.
///
/// The figures are written by the run's own event loop and read from anywhere.
final class Run: Sendable {
    /// 128 random bits: unique and unguessable, since knowing the id is enough to cancel.
    let id: String
    let state: RunState
    let path: String
    let model: String
    let kind: RunKind
    let started: Double
    let startedAt: NIODeadline
    let figures = Figures()

    private let loop: any EventLoop
    private let exchange: NIOLoopBoundBox<Exchange?>
    private let trip = Mutex<Verdict?>(nil)
    private let engineWord = Mutex<Confirmation?>(nil)

    private static let generations = Atomic<UInt64>(1)

    /// - Parameter now: The moment the request arrived.
    init(exchange: Exchange, on loop: any EventLoop, path: String, model: String, kind: RunKind, now: NIODeadline) {
        var random = SystemRandomNumberGenerator()
        id = "run_" + Self.hex(random.next()) + Self.hex(random.next())
        state = RunState(generation: Self.generations.wrappingAdd(1, ordering: .relaxed).oldValue)
        self.path = path
        self.model = model
        self.kind = kind
        self.loop = loop
        self.exchange = NIOLoopBoundBox(exchange, eventLoop: loop)
        started = WallClock.now
        startedAt = now
    }

    /// Ends the run from any thread. Whoever wins has the effects carried out on the run's own event loop.
    func requestEnd(_ reason: EndReason) -> RunState.StopResult {
        let result = state.stop(reason)
        if result == .won {
            let decided = NIODeadline.now()
            loop.execute { self.exchange.value?.carryOutEnd(reason, decided: decided) }
        }
        return result
    }

    /// The exchange is over; on the run's loop.
    func detach() { exchange.value = nil }

    /// What a detector found. It ended the run only if the state's reason says so.
    var verdict: Verdict? {
        get { trip.withLock { $0 } }
        set { trip.withLock { $0 = newValue } }
    }

    /// What the engine said when it was told to stop; `nil` when it was not told or has not said anything.
    var confirmation: Confirmation? {
        get { engineWord.withLock { $0 } }
        set { engineWord.withLock { $0 = newValue } }
    }

    /// A number for people who look at the cancel board; the id begins with it.
    var hash: UInt64 { UInt64(id.dropFirst(4).prefix(16), radix: 16) ?? 0 }

    private static func hex(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Figures of a run; nanoseconds are counted from its start.
    final class Figures: Sendable {
        let bytes = Atomic<Int>(0)
        let events = Atomic<Int>(0)
        let firstByteNanoseconds = Atomic<Int64>(0)
        let durationNanoseconds = Atomic<Int64>(0)
        let status = Atomic<Int>(0)
    }
}

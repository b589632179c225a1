import Cancellation
import Guard
import RunIdentity
import Runs
import Synchronization

/// Carries out what is decided about a run by writing it down.
final class Ledger: RunDriver {
    let reasons = Mutex<[EndReason]>([])
    /// Whether `carryOut` waits until it is let go.
    private let waiting = Mutex<(holds: Bool, done: [@Sendable () -> Void])>((false, []))
    let said: StreamText?

    init(holding: Bool = false, said: StreamText? = nil) {
        self.said = said
        waiting.withLock { $0.holds = holding }
    }

    func carryOut(_ reason: EndReason, then done: @escaping @Sendable () -> Void) {
        reasons.withLock { $0.append(reason) }
        let isHeld = waiting.withLock { waiting in
            if waiting.holds { waiting.done.append(done) }
            return waiting.holds
        }
        if !isHeld { done() }
    }

    /// Lets go what was held.
    func letGo() {
        let done = waiting.withLock { waiting in
            defer { waiting = (false, []) }
            return waiting.done
        }
        for call in done { call() }
    }

    func text(_ answer: @escaping @Sendable (StreamText?) -> Void) { answer(said) }
}

/// A run that is known by nobody yet.
func run(
    _ id: String? = nil,
    principal: String = "",
    driver: any RunDriver = Ledger(),
    maxTokens: Int? = nil,
    _ place: (inout RunIdentity) -> Void = { _ in }
) -> Run {
    var identity = RunIdentity()
    identity.runID = id
    identity.principal = principal
    place(&identity)
    return Run(
        identity: identity,
        facts: Run.Facts(kind: "chat_completions", path: "/v1/chat/completions", model: "m", maxTokens: maxTokens),
        started: 1,
        startedAt: 1,
        driver: driver
    )
}

extension RunRegistry {
    /// Stops a run and says what came of it, once everything is carried out.
    func stop(_ run: Run, _ wish: StopRequest = StopRequest()) -> StopAnswer? {
        let answer = Mutex<StopAnswer?>(nil)
        stop(run, wish, at: 1) { result in answer.withLock { $0 = result } }
        return answer.withLock { $0 }
    }

    /// The names of the events since the start, with the run's id.
    var story: [String] {
        events.events(after: 0).events.map { event in
            switch event.kind {
            case .started: "started \(event.run.id)"
            case .state(let phase, _): "\(phase.name) \(event.run.id)"
            case .trip: "trip \(event.run.id)"
            case .toolCall: "tool_call \(event.run.id)"
            case .ended(let phase, _): "ended \(phase.name) \(event.run.id)"
            case .engine: "engine \(event.run.id)"
            }
        }
    }
}

internal import TerminalText

/// Waits until runs are over and their engine has said whether it stopped.
struct StopWait {
    private enum Stage {
        case running
        case awaitingEngine(since: ContinuousClock.Instant)
    }

    private var stages: [String: Stage]
    /// In the order they were named.
    private let order: [String]
    /// Whether a run did not end, or its engine goes on.
    private(set) var hasFailed = false

    /// The gateway looks for the engine's stop this long after the end of a run, and a little more.
    private static let engineGrace = Duration.seconds(6)

    init(_ runs: [String]) {
        stages = Dictionary(runs.map { ($0, .running) }) { first, _ in first }
        order = runs
    }

    /// The runs still waited for.
    var runs: [String] {
        var seen: Set<String> = []
        return order.filter { stages[$0] != nil && seen.insert($0).inserted }
    }

    var isOver: Bool { stages.isEmpty }

    /// Hears an event. Returns what there is to say.
    mutating func receive(_ event: RunEvent, at now: ContinuousClock.Instant) -> [String] {
        let facts = event.facts
        guard let stage = stages[facts.runId] else { return [] }
        if event.isTerminal, case .running = stage {
            let state = facts.state ?? facts.run?.state ?? event.name
            return end(
                facts.runId,
                state: state,
                reason: facts.reason ?? facts.run?.reason,
                events: facts.partial?.events ?? facts.run?.events,
                tokens: facts.partial?.tokens ?? facts.run?.tokens,
                engine: facts.engine ?? facts.run?.engine,
                at: now
            )
        }
        if event.name == "engine", let engine = facts.engine { return hear(facts.runId, engine) }
        return []
    }

    /// Hears how a run stands, which is asked for when there are no events.
    mutating func receive(_ run: RemoteRun, at now: ContinuousClock.Instant) -> [String] {
        guard let stage = stages[run.id], !run.isLive else { return [] }
        if case .awaitingEngine = stage { return run.engine.map { hear(run.id, $0) } ?? [] }
        return end(
            run.id,
            state: run.state,
            reason: run.reason,
            events: run.events,
            tokens: run.tokens,
            engine: run.engine,
            at: now
        )
    }

    /// Lets time pass.
    mutating func pass(_ now: ContinuousClock.Instant) -> [String] {
        var lines: [String] = []
        for id in runs {
            guard case .awaitingEngine(let since) = stages[id], now - since >= Self.engineGrace else { continue }
            stages[id] = nil
            lines.append("\(id.printable): the engine has not said whether it stopped")
        }
        return lines
    }

    /// Ends the wait.
    mutating func giveUp() -> [String] {
        let lines = runs.map { id in
            if case .running = stages[id] {
                hasFailed = true
                return "\(id.printable): NOT over yet; the time to wait is up"
            }
            return "\(id.printable): the engine has not said whether it stopped; the time to wait is up"
        }
        stages = [:]
        return lines
    }

    private mutating func end(
        _ id: String,
        state: String,
        reason: String?,
        events: Int?,
        tokens: Int?,
        engine: RemoteRun.Engine?,
        at now: ContinuousClock.Instant
    ) -> [String] {
        let parts = [reason?.printable, events?.counted("event"), tokens?.counted("token")].compactMap(\.self)
        let line = "\(id.printable): \(state.printable)" + parts.map { ", \($0)" }.joined()
        // An engine that has written its last token by itself has nothing left to stop.
        if state == "completed" || state == "failed" {
            stages[id] = nil
            return [line]
        }
        stages[id] = .awaitingEngine(since: now)
        return [line] + (engine.map { hear(id, $0) } ?? [])
    }

    private mutating func hear(_ id: String, _ engine: RemoteRun.Engine) -> [String] {
        guard let confirmed = engine.confirmed else { return [] }
        stages[id] = nil
        if !confirmed { hasFailed = true }
        return ["\(id.printable): \(EngineSentence(engine).text)"]
    }
}

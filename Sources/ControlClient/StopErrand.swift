internal import TerminalText

/// Stops runs, says what came of each, and waits for their ends if asked to.
public struct StopErrand: Sendable {
    private let client: ControlClient
    private let targets: [StopTarget]
    private let order: StopOrder
    private let patience: Duration?

    /// - Parameter patience: How long to wait for the ends of what is stopped; `nil` for not at all.
    public init(_ client: ControlClient, _ targets: [StopTarget], _ order: StopOrder, patience: Duration? = nil) {
        self.client = client
        self.targets = targets
        self.order = order
        // At a boundary nothing ends by itself: there is nothing to wait for.
        self.patience = order.mode == .boundary ? nil : patience
    }

    /// Stops them.
    /// - Parameters:
    ///   - say: Gets each line of the answer as soon as it is known.
    ///   - note: Gets what is worth knowing beside it.
    /// - Returns: Whether everything that was asked for is stopped or was over before.
    public func carryOut(
        say: (String) -> Void,
        note: (String) -> Void = { _ in }
    ) async throws(ControlError) -> Bool {
        guard let patience else { return try await stop(say).isSettled }
        let (signals, source) = AsyncStream.makeStream(of: Signal.self)
        let listening = Task { [client] in
            do {
                for try await item in client.events() { source.yield(.item(item)) }
                source.yield(.deaf("the gateway has ended the stream of events"))
            } catch {
                source.yield(.deaf("\(error)"))
            }
        }
        let ticking = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(100))
                source.yield(.tick)
            }
        }
        defer {
            listening.cancel()
            ticking.cancel()
        }
        return try await wait(for: signals, until: .now + patience, say, note)
    }

    private enum Signal: Sendable {
        case item(ControlClient.Item)
        /// The stream of events is over, or never began.
        case deaf(String)
        case tick
    }

    /// The stop itself waits until the gateway tells events, so that no end is missed.
    private func wait(
        for signals: AsyncStream<Signal>,
        until deadline: ContinuousClock.Instant,
        _ say: (String) -> Void,
        _ note: (String) -> Void
    ) async throws(ControlError) -> Bool {
        var wait: StopWait?
        var isSettled = true
        var isDeaf = false
        for await signal in signals {
            if case .deaf(let reason) = signal {
                isDeaf = true
                note("cannot follow the events (\(reason)); asking for each run instead")
            }
            if wait == nil {
                if case .tick = signal, deadline > .now { continue }
                let stopped = try await stop(say)
                isSettled = stopped.isSettled
                wait = StopWait(stopped.runs)
            }
            switch signal {
            case .item(.event(let event)): wait?.receive(event, at: .now).forEach(say)
            case .tick where isDeaf:
                for id in wait?.runs ?? [] {
                    wait?.receive(try await client.run(id).run, at: .now).forEach(say)
                }
            default: break
            }
            wait?.pass(.now).forEach(say)
            if deadline <= .now { wait?.giveUp().forEach(say) }
            if let wait, wait.isOver { return isSettled && !wait.hasFailed }
        }
        return false
    }

    /// Sends every stop.
    /// - Returns: Whether all of it is settled, and the runs that are stopping now.
    private func stop(_ say: (String) -> Void) async throws(ControlError) -> (isSettled: Bool, runs: [String]) {
        var isSettled = true
        var stopping: [String] = []
        for target in targets {
            let answers = try await client.stop(target, order)
            if answers.isEmpty { say("nothing is running\(target.place)") }
            for answer in answers {
                say("\(answer.runId.printable): \(answer.sentence)")
                isSettled = isSettled && answer.isSettled
                if answer.cancelled { stopping += [answer.runId] + (answer.cancelledRuns ?? []) }
                if answer.reason == "already_stopping" { stopping.append(answer.runId) }
            }
        }
        return (isSettled, stopping)
    }
}

extension StopTarget {
    fileprivate var place: String {
        switch self {
        case .run: ""
        case .session(let name): " in the session \(name.printable)"
        case .all: ""
        }
    }
}

extension StopAnswer {
    /// What the answer says, in words.
    var sentence: String {
        if cancelled {
            var text = duplicate == true ? "is stopping already, as asked before" : "stopping"
            if mode == "boundary" { text = "runs on; the next call of its tree is refused" }
            if let descendants, descendants > 0 { text += ", with \(descendants.counted("run")) below it" }
            return text
        }
        switch reason {
        case "already_finished"?: return "was over before: \((state ?? "finished").printable)"
        case "already_stopped"?: return "was stopped before: \((state ?? "stopped").printable)"
        case "already_stopping"?: return "is stopping already, for another reason"
        case "stale_owner"?:
            let now = generation.map { " (it is \($0) now)" } ?? ""
            return "not stopped: it is no longer of the generation that was named\(now)"
        case "unknown"?:
            return "not stopped: no such run; it was forgotten, never was here, or belongs to somebody else"
        case let reason: return "not stopped: \((reason ?? "no reason given").printable)"
        }
    }
}

internal import CoreMetrics
internal import Engines
internal import Logging
internal import Metrics
internal import NIOCore
internal import NIOHTTP1

/// What is done about the engine when a run was cut, rung by rung, beside the data path and within bounded times.
///
/// The client's ending is written and the flag on the board raised before the ladder begins. Then the engine's own way of
/// cancelling is tried, the connection closed, and the engine looked at until it is seen to have stopped. Nothing here
/// holds on to the exchange: the client has its answer, and what is left of the run are its names.
struct CancelLadder: Sendable {
    let run: Run
    let engine: EngineAdapter
    /// The name by which the engine knows the run; `nil` when it has none there.
    let id: EngineRunID?
    /// The client's own credentials, since it is its run.
    let credentials: HTTPHeaders
    /// Whether the flag was raised on a board that an engine reads.
    let isFlagged: Bool
    /// The run's place at the engine, where places are limited.
    let place: Gate.Place?
    /// Closes the connection, if it is not closed already.
    let close: @Sendable () -> Void
    let gateway: GatewayContext
    private let began = ContinuousClock.now

    init(
        run: Run,
        engine: EngineAdapter,
        id: EngineRunID?,
        credentials: HTTPHeaders,
        isFlagged: Bool,
        place: Gate.Place?,
        close: @escaping @Sendable () -> Void,
        gateway: GatewayContext
    ) {
        self.run = run
        self.engine = engine
        self.id = id
        self.credentials = credentials
        self.isFlagged = isFlagged
        self.place = place
        self.close = close
        self.gateway = gateway
    }

    private var times: CancelTimes { gateway.configuration.cancelTimes }

    /// Climbs until the engine's end is certain or nothing more can be done. A cancelled task asks the engine to stop and
    /// waits for nothing.
    func climb() async {
        // An engine that reads the board stops within a step: whoever asks it again only gets in the way.
        if isFlagged, let first = times.looks.first {
            _ = await pause(until: first)
            if boardHasSpoken { return conclude() }
        }
        let effect = await cancel()
        close()
        if effect == .stopped { return conclude(Sight.over("cancelled"), by: .http) }
        let way: Confirmation.Way = effect == .accepted ? .http : .close
        var sight = Sight.nothing
        // Where nothing can be seen there is nothing to wait for.
        if isFlagged || !engine.idleness.isEmpty {
            for time in times.looks {
                guard await pause(until: time) else { return conclude() }
                if boardHasSpoken { return conclude() }
                sight = await look()
                if case .over = sight { return conclude(sight, by: way) }
            }
        }
        giveUp(sight, effect, by: way)
        await quarantine(by: way)
        conclude()
    }

    // MARK: Asking it to stop

    private func cancel() async -> CancelEffect {
        guard let id else { return .unsupported }
        for call in engine.cancels {
            let effect: CancelEffect =
                switch await gateway.calls.ask(call.request(id), headers: credentials, within: times.answer) {
                case .answer(let answer): call.meaning(answer)
                case .refused, .silence: .failed
                }
            count(.http, effect.rawValue)
            if effect != .unsupported { return effect }
        }
        return .unsupported
    }

    // MARK: Seeing that it did

    /// What a look at the engine showed.
    private enum Sight: Equatable {
        /// The run is over there, and why that is known.
        case over(String)
        case busy
        case nothing
    }

    private func look() async -> Sight {
        for check in engine.idleness {
            let before = gateway.work.now
            switch await gateway.calls.ask(check.request, headers: credentials, within: times.answer, isPatient: false)
            {
            case .refused: return .over("error")
            case .silence: continue
            case .answer(let answer):
                guard let load = check.load(answer, id) else { continue }
                let now = gateway.work.now
                // What began or ended meanwhile may or may not have been counted.
                let certain = now.edition == before.edition ? now.answering : 0
                let possible =
                    max(before.asked + before.answering, now.asked + now.answering)
                    + max(before.stopping, now.stopping) - 1
                switch load.isIdle(besides: certain, atMost: possible) {
                case true?: return .over("idle")
                case false?: return .busy
                case nil: return .nothing
                }
            }
        }
        return .nothing
    }

    private var boardHasSpoken: Bool { isFlagged && run.confirmation?.isConfirmed == true }

    // MARK: What came of it

    /// The engine's end is certain, or nobody waits for it any more: the run's place is free.
    private func conclude(_ sight: Sight? = nil, by way: Confirmation.Way = .close) {
        if case .over(let outcome) = sight {
            count(way, "confirmed")
            gateway.metrics.engineStopped(way, after: nanoseconds)
            run.note(Confirmation(isConfirmed: true, way: way, outcome: outcome, nanoseconds: nanoseconds))
        }
        place?.leave()
        gateway.work.move(from: .stopping, to: .none)
    }

    /// The engine was not seen to stop.
    private func giveUp(_ sight: Sight, _ effect: CancelEffect, by way: Confirmation.Way) {
        // Without a proof it is only known to work on where it was seen to, or where all that could be done failed.
        let isAtWork = sight == .busy || effect == .failed
        count(way, isAtWork ? "unconfirmed" : "unknown")
        gateway.metrics.unconfirmed(engine.name)
        run.note(Confirmation(isConfirmed: isAtWork ? false : nil, way: way, nanoseconds: nanoseconds))
        let level: Logger.Level = isAtWork ? .warning : engine.idleness.isEmpty ? .debug : .notice
        gateway.configuration.logger.log(
            level: level,
            isAtWork ? "the engine works on after it was told to stop" : "nothing shows whether the engine has stopped",
            metadata: ["run_id": "\(run.id)", "engine": "\(engine.name)", "cancel": "\(effect.rawValue)"]
        )
    }

    /// Keeps the run's place for a while, and looks whether the engine has stopped after all.
    private func quarantine(by way: Confirmation.Way) async {
        guard place != nil || !engine.idleness.isEmpty else { return }
        let end = ContinuousClock.now - began + times.quarantine
        while ContinuousClock.now - began < end {
            let next = min(end, ContinuousClock.now - began + times.quarantineLooks)
            guard await pause(until: next) else { return }
            if boardHasSpoken { return }
            guard case .over(let outcome) = await look() else { continue }
            count(way, "late")
            run.note(Confirmation(isConfirmed: true, way: way, outcome: outcome, nanoseconds: nanoseconds))
            return
        }
    }

    private func count(_ way: Confirmation.Way, _ result: String) {
        gateway.metrics.engineCancel(engine.name, way, result)
    }

    private var nanoseconds: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - began).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Waits until a time after the beginning; `false` when nobody is to wait any more.
    private func pause(until time: Duration) async -> Bool {
        (try? await Task.sleep(until: began + time)) != nil
    }
}

extension Run {
    /// Notes what is known of the engine's end. What was confirmed stays so.
    func note(_ word: Confirmation) {
        if confirmation?.isConfirmed != true { confirmation = word }
    }
}

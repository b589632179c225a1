internal import Cancellation
internal import CoreMetrics
internal import GenerationWire
internal import Guard
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
internal import Runs
internal import Synchronization

/// The ways in which an exchange ends, each of which leads through ``close()`` once.
extension Exchange {
    /// The engine's answer is whole.
    func complete() {
        if state.answer == .gathering { return completeGathered() }
        if state.answer == .guarded {
            release(guarding?.finish())
            guard !isClosed else { return }
            let cut = responseHead.map(ResponsePlan.endsWithConnection) ?? false
            if cut, settings?.enabled == true, guarding?.isComplete == false {
                return lose("The engine closed the connection before its answer was complete.")
            }
        }
        let response = request.generation?.thread == nil ? nil : gathered?.finish()
        complete { $0?.finish(responseEnd?.trailers) }
        if case .body(let body) = response { remember(body) }
    }

    /// Ends the exchange in its natural way; `answer` gives the client its last bytes.
    func complete(_ answer: (ClientHandler?) -> Void) {
        // When another thread has just decided to end the run, its effects are on their way and replace this end.
        guard run.state.advance(to: .completed) || run.state.current.phase == .completed else { return }
        guard state.complete() else { return }
        let reusable = requestIsWhole && responseHead?.isKeepAlive == true && upstream?.isActive == true
        let connection = upstream
        upstream = nil
        if reusable { connection?.giveBack() } else { connection?.abandon() }
        let client = client
        letGo()
        // The client's last bytes do not wait for the log.
        answer(client)
        report()
        RunReport.conclude(run, in: gateway)
    }

    /// The connection to the engine is gone.
    func lose(_ message: String) {
        let atHand = if case .whole = request.body { true } else { false }
        switch state.broken(reused: upstream?.isReused ?? false, atHand: atHand) {
        case .sendAgain: askAgain()
        case let repair: fail(UpstreamFailure(kind: .reset, message: message), repair)
        }
    }

    func fail(_ failure: UpstreamFailure) {
        fail(failure, state.broken(reused: false, atHand: false))
    }

    private func fail(_ failure: UpstreamFailure, _ repair: ExchangeState.Repair) {
        // The stream's own end may have passed already, or another end is on its way.
        guard run.state.fail() || run.state.current.phase == .completed else { return state.takeBack(repair) }
        gateway.metrics.upstreamError(failure.kind)
        let client = client
        leaveEngine()
        switch repair {
        case .replyError:
            let reply = finishedReply() ?? failure.reply(in: request.format)
            run.figures.status.store(Int(reply.status.code), ordering: .relaxed)
            recordWent(reply.body)
            close()
            answer(reply, to: client)
        case .failInBand:
            // The engine's own finish reason has passed: the answer is as good as whole, and no error may follow it.
            let finished = run.state.current.phase == .completed
            if finished { release(guarding?.finish()) } else { write(guarding?.fail(failure.message) ?? []) }
            close()
            if finished { client?.finish() } else { client?.abort() }
        case .abort:
            close()
            client?.abort()
        case .sendAgain, .nothing: close()
        }
    }

    /// Ends the run before its natural end, on its own loop.
    func end(_ reason: EndReason) {
        let decided = NIODeadline.now()
        // A run whose natural end has passed may still have a connection to let go.
        if run.state.stop(reason) == .won || reason == .clientDisconnect { carryOutEnd(reason, decided: decided) }
    }

    /// Carries out what the winner decided: the client's ending first, then the engine's flag and connection.
    func carryOutEnd(_ reason: EndReason, decided: NIODeadline) {
        guard !isClosed else { return }
        if reason == .clientDisconnect { client = nil }
        if run.state.current.phase == .stopping { tell(.state(.stopping, run.state.current.reason)) }
        switch state.ended() {
        case .reply:
            let reply = endGathered(reason)
            run.figures.status.store(Int(reply.status.code), ordering: .relaxed)
            answer(reply, to: client)
            recordWent(reply.body)
        case .endInBand:
            write(guarding?.end(reason) ?? [])
            client?.finish()
        case .abort: client?.abort()
        case .nothing: break
        }
        // The reason that won, should the client have left while another end was on its way.
        if run.state.current.phase == .stopping, let reason = run.state.current.reason {
            raiseFlag(reason)
            gateway.metrics.cancel(reason)
        }
        let isWatched = leaveEngine()
        gateway.metrics.cancelLatency.recordNanoseconds((NIODeadline.now() - decided).nanoseconds)
        // The run comes to rest with the engine, or when all that can be done about that is done.
        close(concluding: !isWatched && !isFlagged)
    }

    /// Answers a run that may not begin.
    func refuse(_ reply: Reply) {
        if run.state.stop(.treeStop) == .won { _ = run.state.settle() }
        _ = state.ended()
        run.figures.status.store(Int(reply.status.code), ordering: .relaxed)
        let client = client
        close()
        answer(reply, to: client)
    }

    // MARK: What is told about the run

    /// Takes a step of the run that is no end.
    func advance(to phase: RunPhase) {
        if request.kind.isRun {
            gateway.registry.advance(run, to: phase, at: WallClock.now)
        } else {
            _ = run.state.advance(to: phase)
        }
    }

    func tell(_ event: RunEvent.Kind) {
        if request.kind.isRun { gateway.registry.note(event, of: run, at: WallClock.now) }
    }

    /// Gives a client its whole answer: under the engine's headers, when it is one that was put together.
    private func answer(_ reply: Reply, to client: ClientHandler?) {
        if asking == .forStream, responseHead != nil, reply.status == .ok {
            client?.answer(gatheredHead(length: reply.body.count), reply.body)
            return
        }
        var reply = reply
        if request.kind.isRun { reply.headers.append(("X-Loopguard-Run-Id", run.id)) }
        client?.answer(reply, to: request.head)
    }

    /// Lets go of everything and tells about it, once.
    /// - Parameter concluding: Whether the run has come to rest with that; otherwise the engine's word is awaited.
    private func close(concluding: Bool = true) {
        guard !isClosed else { return }
        letGo()
        report()
        if concluding { RunReport.conclude(run, in: gateway) }
    }

    private func letGo() {
        isClosed = true
        timer?.cancel()
        keepAliveTimer?.cancel()
        client = nil
        releaseFlag()
        leaveQueue()
        reach(.none)
        place?.leave()
        place = nil
        waiting = []
        run.keep(guarding?.text(limit: run.verdict == nil ? Self.keptText : ExchangeDriver.shownText))
        detach()
    }

    /// The text that is kept of a run that nothing was found in, in bytes of each channel.
    private static let keptText = 1_024

    private func report() {
        concludeShadow()
        recordEnd()
        gateway.metrics.unreadEvents.increment(by: guarding?.unreadEvents ?? 0)
        RunReport.close(run, in: gateway)
    }

    // MARK: Time limits

    func startTimer(_ limit: Duration?) {
        timer?.cancel()
        timer = nil
        guard let limit else { return }
        let time = TimeAmount(limit)
        let deadline = max(lastRead, .now()) + time
        timer = loop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in self?.checkTimer(limit) }
    }

    private func checkTimer(_ limit: Duration) {
        guard !isClosed else { return }
        if state.answer != .awaited, lastRead + TimeAmount(limit) > .now() { return startTimer(limit) }
        fail(UpstreamFailure(kind: .timeout, message: "The engine was silent for longer than \(limit)."))
    }
}

internal import Cancellation
internal import CoreMetrics
internal import Guard
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// The ways in which an exchange ends, each of which leads through ``close()`` once.
extension Exchange {
    /// The engine's answer is whole.
    func complete() {
        if state.answer == .guarded {
            release(guarding?.finish())
            guard !isClosed else { return }
            let cut = responseHead.map(ResponsePlan.endsWithConnection) ?? false
            if cut, settings?.enabled == true, guarding?.isComplete == false {
                return lose("The engine closed the connection before its answer was complete.")
            }
        }
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
        client?.finish(responseEnd?.trailers)
        report()
    }

    /// The connection to the engine is gone.
    func lose(_ message: String) {
        let atHand = if case .whole = request.body { true } else { false }
        switch state.broken(reused: upstream?.isReused ?? false, atHand: atHand) {
        case .sendAgain:
            upstream = nil
            // The engine may have seen the first request and be done with its flag.
            releaseFlag()
            claimFlag()
            pool.connect(for: self)
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
        let (client, request) = (client, request.head)
        leaveEngine()
        switch repair {
        case .replyError:
            run.figures.status.store(Int(failure.reply.status.code), ordering: .relaxed)
            close()
            client?.answer(identified(failure.reply), to: request)
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
        switch state.ended() {
        case .reply:
            let reply = EarlyEnding.reply(for: request, &guarding, run: run, reason: reason, note: settings?.note)
            run.figures.status.store(Int(reply.status.code), ordering: .relaxed)
            client?.answer(identified(reply), to: request.head)
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
        leaveEngine()
        _ = run.state.settle()
        gateway.metrics.cancelLatency.recordNanoseconds((NIODeadline.now() - decided).nanoseconds)
        close()
    }

    private func identified(_ reply: Reply) -> Reply {
        var reply = reply
        if request.format != nil { reply.headers.append(("X-Loopguard-Run-Id", run.id)) }
        return reply
    }

    private func leaveEngine() {
        upstream?.abandon()
        upstream = nil
    }

    /// Lets go of everything and tells about it, once.
    private func close() {
        guard !isClosed else { return }
        letGo()
        report()
    }

    private func letGo() {
        isClosed = true
        timer?.cancel()
        client = nil
        releaseFlag()
        waiting = []
        run.detach()
    }

    private func report() {
        gateway.metrics.unreadEvents.increment(by: guarding?.unreadEvents ?? 0)
        RunReport.publish(run, to: gateway)
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

internal import Cancellation
internal import CoreMetrics
internal import Guard
internal import Logging
internal import LoopDetection
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// The way of the engine's bytes to the client.
extension Exchange {
    /// Delivers the bytes of one read. The clock is read twice at most.
    func deliver(_ bytes: ByteBuffer) {
        let now = NIODeadline.now()
        let isFirst = run.figures.bytes.load(ordering: .relaxed) == 0
        run.figures.bytes.wrappingAdd(bytes.readableBytes, ordering: .relaxed)
        gateway.metrics.bytesDown.increment(by: bytes.readableBytes)
        if isFirst {
            let taken = (now - run.startedAt).nanoseconds
            run.figures.firstByteNanoseconds.store(taken, ordering: .relaxed)
            if state.answer == .guarded { gateway.metrics.timeToFirstToken.recordNanoseconds(taken) }
        } else if state.answer == .guarded {
            gateway.metrics.interEvent.recordNanoseconds((now - lastRead).nanoseconds)
        }
        lastRead = now
        guard state.answer == .guarded else {
            client?.write(bytes)
            return
        }
        inspect(bytes, isFirst: isFirst, since: now)
    }

    private func inspect(_ bytes: ByteBuffer, isFirst: Bool, since start: NIODeadline) {
        let span = bytes.readableBytesUInt8Span
        eventCounter.read(span)
        run.figures.events.store(eventCounter.count, ordering: .relaxed)
        if isFirst, let id = EngineID.find(in: span) { gateway.registry.alias(id, for: run) }
        guard let outcome = guarding?.receive(span) else { return }
        gateway.metrics.guardSeconds.increment(by: Double((NIODeadline.now() - start).nanoseconds) / 1e9)
        if outcome.forward == .unchanged { client?.write(bytes) }
        release(outcome)
        // The engine's own ending has passed: from here on a cancel comes too late.
        if guarding?.isComplete == true { _ = run.state.advance(to: .completed) }
    }

    /// Writes what the guard lets go and acts on what it found.
    func release(_ outcome: GuardedStream.Outcome?) {
        guard let outcome else { return }
        if case .bytes(let bytes) = outcome.forward { write(bytes) }
        for verdict in outcome.verdicts { note(verdict) }
        guard let trip = outcome.trip else { return }
        run.verdict = trip
        end(.guardTrip(detector: trip.detector.rawValue))
    }

    func write(_ bytes: [UInt8]) {
        if !bytes.isEmpty { client?.write(ByteBuffer(bytes: bytes)) }
    }

    private func note(_ verdict: Verdict) {
        gateway.metrics.verdict(verdict)
        guard verdict.mode == .warn else { return }
        gateway.configuration.logger.warning(
            "a detector warned",
            metadata: ["run_id": "\(run.id)", "detector": "\(verdict.detector.name)", "byte": "\(verdict.byte)"]
        )
    }
}

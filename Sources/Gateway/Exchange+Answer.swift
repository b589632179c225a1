internal import Cancellation
internal import CoreMetrics
internal import GenerationWire
internal import Guard
internal import Logging
internal import LoopDetection
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
internal import Runs
internal import Synchronization

/// The way of the engine's answer to the client.
extension Exchange {
    /// Whether the engine is not to be read from, since the client cannot take more.
    var holdsEngine: Bool { !(client?.isWritable ?? true) }

    func engineCanTakeMore() { client?.resumeReading() }

    func engineSent(_ head: HTTPResponseHead) {
        state.engineAnswers()
        guard head.status.code >= 200 || head.status == .switchingProtocols else {
            // A plain 100 was for us, if for anyone: the client has had ours.
            if head.status != .continue, request.head.version.isChunkable { client?.writeInformational(head) }
            return
        }
        responseHead = head
        record(head)
        run.figures.status.store(Int(head.status.code), ordering: .relaxed)
        if head.status == .ok { reach(.answering) }
        let plan = ResponsePlan(for: head, guarding: request.generation?.format)
        if case .refused(let failure) = plan { return fail(failure) }
        if gather(head, plan) {
            if state.answer == .gathering { advance(to: .streaming) }
            return
        }
        advance(to: .streaming)
        var reply = HopByHop.clientHead(for: head, request: request.head, reframed: plan == .guarded)
        if request.kind.isRun { reply.headers.replaceOrAdd(name: "X-Loopguard-Run-Id", value: run.id) }
        if plan == .guarded {
            reply.headers.replaceOrAdd(name: "X-Accel-Buffering", value: "no")
        } else if isUnguarded(head) {
            gateway.metrics.unguarded.increment()
        }
        state.begin(guarded: plan == .guarded)
        client?.write(reply)
        startTimer(gateway.configuration.idleTimeout)
        startKeepAlive()
    }

    /// Whether a generation goes by that nobody looks at: its answer is encoded, or nothing is known of its path.
    private func isUnguarded(_ head: HTTPResponseHead) -> Bool {
        if request.generation != nil { return ResponsePlan.isEncoded(head.headers) }
        return request.kind == .other && request.head.method == .POST && ResponsePlan.isStream(head.headers, nil)
    }

    /// - Parameter frame: The chunk around the bytes when they are exactly one.
    func engineSent(_ bytes: ByteBuffer, in frame: ByteBuffer?) {
        if received == nil {
            received = (bytes, frame)
        } else {
            received?.bytes.writeImmutableBuffer(bytes)
            received?.frame = nil
        }
    }

    func engineEnded(_ trailers: HTTPHeaders?) { responseEnd = (trailers, ()) }

    /// Everything of one read is here: one write and one flush.
    func engineReadComplete() {
        takeReceived()
        guard !isClosed else { return }
        if responseEnd != nil { complete() } else { client?.flush() }
        shadow?.judge()
    }

    func engineClosed() {
        takeReceived()
        guard !isClosed else { return }
        if responseEnd != nil { return complete() }
        lose("The engine closed the connection before its answer was complete.")
    }

    func engineBroke(_ error: any Error) {
        takeReceived()
        guard !isClosed else { return }
        // What came after a whole answer spoils the connection, not the answer.
        if responseEnd != nil { return complete() }
        if error is ResponseParser.Malformed {
            return fail(UpstreamFailure(kind: .malformed, message: "The engine's answer is not valid HTTP: \(error)"))
        }
        lose("The connection to the engine broke before its answer was complete.")
    }

    func takeReceived() {
        guard let (bytes, frame) = received else { return }
        received = nil
        guard !isClosed else { return }
        deliver(bytes, in: frame)
    }

    /// Delivers the bytes of one read. The clock is read twice at most.
    private func deliver(_ bytes: ByteBuffer, in frame: ByteBuffer?) {
        let now = NIODeadline.now()
        let isFirst = run.figures.bytes.load(ordering: .relaxed) == 0
        run.figures.bytes.wrappingAdd(bytes.readableBytes, ordering: .relaxed)
        gateway.metrics.bytesDown.increment(by: bytes.readableBytes)
        if isFirst {
            let taken = (now - NIODeadline.uptimeNanoseconds(run.startedAt)).nanoseconds
            run.figures.firstByteNanoseconds.store(taken, ordering: .relaxed)
            if state.isGuarded { gateway.metrics.timeToFirstToken.recordNanoseconds(taken) }
        } else if state.isGuarded {
            gateway.metrics.interEvent.recordNanoseconds((now - lastRead).nanoseconds)
        }
        lastRead = now
        recording?.came(bytes, at: now)
        guard state.isGuarded else {
            client?.write(bytes, in: frame)
            recordWent(bytes)
            return
        }
        inspect(bytes, in: frame, isFirst: isFirst, since: now)
    }

    private func inspect(_ bytes: ByteBuffer, in frame: ByteBuffer?, isFirst: Bool, since start: NIODeadline) {
        let span = bytes.readableBytesUInt8Span
        if isFirst, let id = EngineID.find(in: span) {
            gateway.registry.alias(id, for: run)
            learn(id)
        }
        guard let outcome = guarding?.receive(span) else { return }
        if outcome.events > 0 { count(outcome.events) }
        gateway.metrics.guardSeconds.increment(by: Double((NIODeadline.now() - start).nanoseconds) / 1e9)
        switch outcome.forward {
        case .unchanged: write(bytes, in: frame)
        case .bytes(let changed): write(changed)
        case .joined(let head, let range):
            write(head)
            // The range lies inside the buffer: it is a range of the span that was taken from it.
            write(bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count)!)
        }
        shadow?.note(bytes)
        guard !isClosed else { return }
        act(on: outcome)
        // The engine's own ending has passed: from here on a cancel comes too late.
        if outcome.isComplete { _ = run.state.advance(to: .completed) }
    }

    /// Counts what the engine has sent.
    private func count(_ events: Int) {
        run.figures.events.store(events, ordering: .relaxed)
        let tokens = guarding?.deltas ?? 0
        gateway.registry.totals.received(tokens: tokens - run.figures.tokens.exchange(tokens, ordering: .relaxed))
        guard let calls = guarding?.takeJudgedCalls() else { return }
        for call in calls {
            let arguments = String(decoding: call.arguments.prefix(200), as: UTF8.self)
            tell(.toolCall(name: String(decoding: call.name, as: UTF8.self), arguments: arguments))
        }
    }

    /// Writes what the guard still held when the engine had finished, and acts on what it found.
    func release(_ outcome: GuardedStream.Outcome?) {
        guard let outcome else { return }
        if case .bytes(let bytes) = outcome.forward { write(bytes) }
        act(on: outcome)
    }

    private func act(on outcome: GuardedStream.Outcome) {
        for verdict in outcome.verdicts { note(verdict) }
        guard let trip = outcome.trip else { return }
        shadow?.noteLiveStop(at: guarding?.events ?? 0)
        if !outcome.verdicts.contains(trip) { note(trip) }
        run.verdict = trip
        end(.guardTrip(detector: trip.detector.rawValue))
    }

    func write(_ bytes: [UInt8]) {
        if !bytes.isEmpty { write(ByteBuffer(bytes: bytes)) }
    }

    /// Passes on what the guard lets out: into the answer that is being put together, or to the client.
    private func write(_ bytes: ByteBuffer, in frame: ByteBuffer? = nil) {
        if gathered != nil { gather(bytes.readableBytesUInt8Span) }
        guard asking != .forStream else { return }
        client?.write(bytes, in: frame)
        recordWent(bytes)
        lastWritten = lastRead
    }

    func note(_ verdict: Verdict) {
        gateway.metrics.verdict(verdict)
        if request.kind.isRun { tell(.trip(verdict)) }
        if verdict.mode < .stop { run.warn(verdict) }
        record(verdict)
        guard verdict.mode == .warn else { return }
        gateway.configuration.logger.warning(
            "a detector warned",
            metadata: ["run_id": "\(run.id)", "detector": "\(verdict.detector.name)", "byte": "\(verdict.byte)"]
        )
    }
}

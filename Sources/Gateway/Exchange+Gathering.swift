internal import Cancellation
internal import CoreMetrics
internal import GenerationWire
internal import Guard
internal import LoopDetection
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
internal import Runs
internal import Synchronization

/// Requests for an answer in one piece: the engine is asked for a stream, which is guarded and put together.
extension Exchange {
    /// How the engine is asked.
    enum Asking: Equatable {
        /// As the client asked.
        case plainly
        /// For a stream, where the client asked for none.
        case forStream
        /// As the client asked, after the engine refused to stream, or streamed what cannot be read.
        case plainlyAfterStream
    }

    /// Decides how the engine is asked. A request that it cannot stream passes as it is and is counted.
    func chooseAsking() {
        guard let generation = request.generation, !generation.stream, case .whole(let body) = request.body,
            let settings, settings.enabled, settings.mode > .off, settings.nonStreaming == .aggregate
        else { return }
        guard !generation.refusesStreaming, !gateway.refusals.contains(generation),
            let streamed = StreamedRequest.body(from: body.readableBytesUInt8Span, format: generation.format)
        else { return gateway.metrics.unguarded.increment() }
        asking = .forStream
        streamedBody = ByteBuffer(bytes: streamed)
        gathered = StreamAggregator(for: generation)
    }

    /// What the guard is to know of the request: what the engine is asked, and not what the client asked.
    var guardedRequest: GenerationRequest? {
        guard var facts = request.generation else { return nil }
        if asking == .forStream {
            facts.stream = true
            facts.includeUsage = true
        }
        return facts
    }

    /// What to do with the head of an answer to a request that we turned into one for a stream.
    /// - Returns: Whether the head is dealt with.
    func gather(_ head: HTTPResponseHead, _ plan: ResponsePlan) -> Bool {
        switch asking {
        case .plainly: return false
        case .plainlyAfterStream:
            // Only an engine that takes the request as it was has refused the stream and not the request.
            if head.status.code < 300, let generation = request.generation {
                gateway.refusals.add(generation)
                gateway.metrics.unguarded.increment()
            }
            return false
        case .forStream: break
        }
        if plan == .guarded {
            state.gather()
            startTimer(gateway.configuration.idleTimeout)
            return true
        }
        let refuses = [400, 422, 501].contains(head.status.code)
        // A stream that cannot be read is no answer to a client that wants JSON.
        let isUnreadable = head.status == .ok && ResponsePlan.isStream(head.headers, request.format)
        guard refuses || isUnreadable else {
            asking = .plainly
            gathered = nil
            return false
        }
        asking = .plainlyAfterStream
        gathered = nil
        (received, responseHead, responseEnd) = (nil, nil, nil)
        upstream?.abandon()
        askAgain()
        return true
    }

    /// Takes bytes of the guarded stream; an answer that grows too long is given up.
    func gather(_ bytes: borrowing Span<UInt8>) {
        gathered?.receive(bytes)
        let limit = gateway.configuration.maxGatheredBytes
        guard let size = gathered?.size, size > limit else { return }
        // A stream only loses its place in memory.
        guard asking == .forStream else {
            gathered = nil
            return
        }
        fail(
            UpstreamFailure(
                kind: .tooLong,
                message: "The answer is longer than \(limit) bytes; ask for it as a stream."
            )
        )
    }

    /// The engine's stream is whole.
    func completeGathered() {
        release(guarding?.finish())
        guard !isClosed else { return }
        switch gathered?.finish() {
        case .body(let body):
            let head = gatheredHead(length: body.count)
            recordWent(body)
            complete { $0?.answer(head, body) }
            remember(body)
        case .failure(let body, let status):
            let status = status.map { HTTPResponseStatus(statusCode: $0) } ?? .badGateway
            fail(UpstreamFailure(kind: .reported, message: "", reply: Reply(status, json: body)))
        case .nothing, nil:
            lose("The engine ended its stream before its answer was complete.")
        }
    }

    /// The answer of a run whose engine broke off after it had finished.
    func finishedReply() -> Reply? {
        guard asking == .forStream, run.state.current.phase == .completed else { return nil }
        release(guarding?.finish())
        if case .body(let body) = gathered?.finish() { return Reply(json: body) }
        return nil
    }

    /// The whole answer of a run that is ended before its natural end, for a client that waits for one.
    func endGathered(_ reason: EndReason) -> Reply {
        guard let generation = request.generation ?? request.format.map({ GenerationRequest(format: $0) }) else {
            return reason == .shutdown ? .shuttingDown(in: request.format) : .cancelled
        }
        guard !generation.stream else {
            var reply = Reply(json: guarding?.end(reason) ?? [])
            reply.contentType = request.format?.streamMediaType ?? reply.contentType
            return reply
        }
        var aggregator = gathered ?? StreamAggregator(for: generation)
        if guarding == nil { guarding = makeGuard(for: generation) }
        let ending = guarding?.end(reason) ?? []
        aggregator.receive(ending.span)
        for (choice, verdict) in guarding?.convictions ?? [:] {
            if let (channel, cut) = verdict.cut { aggregator.cut(channel, ofChoice: choice, cut) }
        }
        switch aggregator.finish() {
        case .body(let body): return Reply(json: body)
        case .failure(let body, let status):
            return Reply(status.map { HTTPResponseStatus(statusCode: $0) } ?? .badGateway, json: body)
        case .nothing: return .cancelled
        }
    }

    /// The head of an answer that was put together: the engine's own, framed anew.
    func gatheredHead(length: Int) -> HTTPResponseHead {
        var head = HTTPResponseHead(version: request.head.version, status: .ok, headers: responseHead?.headers ?? [:])
        HopByHop.strip(&head.headers)
        head.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
        head.headers.replaceOrAdd(name: "Content-Length", value: "\(length)")
        head.headers.replaceOrAdd(name: "X-Loopguard-Run-Id", value: run.id)
        head.headers.remove(name: "content-encoding")
        HopByHop.frame(&head, for: request.head)
        return head
    }

    // MARK: What the engine remembers

    /// Puts the turns in front of the request that the client left to the engine to remember.
    func recall(into generation: inout GenerationRequest) {
        for key in [generation.thread?.conversation, generation.thread?.previousResponse].compactMap(\.self) {
            let steps = gateway.memory.recall(.init(authorization: authorization, id: key))
            guard !steps.isEmpty else { continue }
            recalled = steps
            return generation.recall(steps)
        }
    }

    /// Remembers a whole response with what went before it.
    func remember(_ response: [UInt8]) {
        guard let thread = request.generation?.thread, thread.isStored else { return }
        guard let turn = ResponsesTurn(response.span) else { return }
        let steps = recalled + thread.steps + turn.steps
        for id in [thread.conversation, turn.id].compactMap(\.self) {
            gateway.memory.remember(steps, as: .init(authorization: authorization, id: id))
        }
    }

    private var authorization: String? { request.head.headers.first(name: "authorization") }
}

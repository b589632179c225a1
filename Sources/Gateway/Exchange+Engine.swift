internal import Cancellation
internal import Engines
internal import GenerationWire
internal import Guard
internal import NIOCore
internal import NIOHTTP1

/// What is done for a run because of the engine it goes to: its name there, and its end.
extension Exchange {
    /// Makes the head one for this engine: what would keep it from stopping is taken off, and the run gets a name.
    func prepare(_ head: inout HTTPRequestHead) {
        guard request.kind.isRun else { return }
        engine = gateway.engine.adapter
        for name in engine.strippedHeaders { head.headers.remove(name: name) }
        switch engine.naming {
        case .none, .firstChunk: engineID = nil
        case .runID: engineID = EngineRunID(run.id)
        case .field: engineID = .random()
        case .numberField: engineID = .randomNumber()
        case .header(let name, let prefixes):
            // What the client sent may be another run's name, which would then end with this one.
            let id = EngineRunID.random()
            head.headers.replaceOrAdd(name: name, value: id.text)
            let path = HopByHop.path(of: request.head.uri)
            engineID = prefixes.first { path.hasSuffix($0.path) }.flatMap { id.prefixed($0.prefix) } ?? id
        }
    }

    /// The body with the run's name in it, where the engine looks for it there. With the rules switched off, and where the
    /// body has no such place, it stays as it is, and the run has no name.
    func naming(in body: ByteBuffer) -> ByteBuffer {
        let field: String
        switch engine.naming {
        case .field(let name), .numberField(let name): field = name
        case .none, .firstChunk, .runID, .header: return body
        }
        guard let id = engineID, settings?.enabled == true, let place = BodyField(parsing: field),
            let named = isNumber
                ? place.set(number: id.text, in: body.readableBytesUInt8Span)
                : place.set(id.text, in: body.readableBytesUInt8Span)
        else {
            engineID = nil
            return body
        }
        return ByteBuffer(bytes: named)
    }

    private var isNumber: Bool { if case .numberField = engine.naming { true } else { false } }

    /// The engine named the run in its first chunk.
    func learn(_ id: String) {
        switch engine.naming {
        case .firstChunk: engineID = EngineRunID(id)
        case .header:
            // What it made of our name; any other may be shared.
            if let minted = engineID?.text.suffix(32), id.contains(minted) { engineID = EngineRunID(id) }
        case .none, .field, .numberField, .runID: break
        }
    }

    /// A run comes to another stage with the engine.
    func reach(_ stage: EngineWork.Stage) {
        guard request.kind.isRun, stage != self.stage else { return }
        gateway.work.move(from: self.stage, to: stage)
        self.stage = stage
    }

    /// Lets go of the engine. One that is still at work for the run is told to stop, and watched until it has.
    func leaveEngine() {
        guard let upstream else { return }
        self.upstream = nil
        guard isAtWork(upstream) else { return upstream.abandon() }
        let close: @Sendable () -> Void
        if engine.order == .cancelFirst, engineID != nil {
            close = upstream.abandon(within: TimeAmount(gateway.configuration.cancelTimes.answer))
        } else {
            upstream.abandon()
            close = {}
        }
        reach(.stopping)
        stage = .none
        let ladder = CancelLadder(
            run: run,
            engine: engine,
            id: engineID,
            credentials: credentials,
            isFlagged: isFlagged,
            place: place,
            close: close,
            gateway: gateway
        )
        place = nil
        gateway.ladders.start(ladder)
    }

    /// Whether the engine has been asked to generate and has not finished.
    private func isAtWork(_ upstream: UpstreamConnection) -> Bool {
        let refused = responseHead.map { $0.status.code >= 400 } ?? false
        return request.kind.isRun && upstream.isActive && responseEnd == nil && !refused
            && run.state.current.phase != .completed
    }

    private var credentials: HTTPHeaders {
        HTTPHeaders(
            request.head.headers.filter { ["authorization", "x-api-key", "api-key"].contains($0.name.lowercased()) }
        )
    }
}

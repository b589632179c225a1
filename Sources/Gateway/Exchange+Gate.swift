internal import CoreMetrics
internal import Metrics
internal import NIOCore

/// A run's way through the gate, where the engine takes a limited number at a time.
extension Exchange {
    /// Asks the engine as soon as there is a place for the run.
    func enterGate() {
        guard let gate = gateway.gate, request.kind.isRun else { return askEngine() }
        let bound = NIOLoopBound(self, eventLoop: loop)
        let loop = loop
        switch gate.enter({ place in loop.execute { bound.value.admit(place) } }) {
        case .entered(let place):
            self.place = place
            askEngine()
        case .queued(let ticket):
            self.ticket = ticket
            gateway.metrics.queued.increment()
            // Whoever ends the run while it waits needs what writes its ending.
            makeGuard()
        case .full:
            let message = "The engine is busy and \(gateway.configuration.maxQueued) requests wait already; try again."
            fail(UpstreamFailure(kind: .busy, message: message))
        }
    }

    private func admit(_ place: Gate.Place) {
        // It was ended while it was being let in.
        guard !isClosed else { return place.leave() }
        leaveQueue()
        self.place = place
        askEngine()
    }

    /// The run waits no more.
    func leaveQueue() {
        guard let ticket else { return }
        self.ticket = nil
        gateway.gate?.withdraw(ticket)
        gateway.metrics.queued.decrement()
    }
}

internal import CancelBoard
internal import Cancellation
internal import CoreMetrics
internal import Engines
internal import GenerationWire
internal import Guard
internal import Logging
internal import Metrics
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// A run's flag on the cancel board: taken before the engine is asked, raised when the run is ended, given back at its
/// end, and then watched until the engine has said what it did.
extension Exchange {
    /// Takes a slot for the run. Without a board, or on a full one, the run goes on without; it is never held up.
    func claimFlag() {
        guard request.kind.isRun, let board = gateway.configuration.board else { return }
        flag = board.claim(runHash: run.hash)
        if flag == nil { gateway.metrics.flagless.increment() }
    }

    /// Tells the engine where the flag is. What the client sent under that name would be somebody else's.
    func nameFlag(in head: inout HTTPRequestHead) {
        guard gateway.configuration.board != nil else { return }
        let name = gateway.configuration.boardHeader
        head.headers.remove(name: name)
        if let flag { head.headers.add(name: name, value: "\(flag)") }
    }

    /// The body with the place of the flag in it, where the engine looks for it there. With the rules switched off, and
    /// where the body has no such place, it stays as it is.
    func namingFlag(in body: ByteBuffer) -> ByteBuffer {
        guard let flag, let field = gateway.configuration.boardField, settings?.enabled == true,
            let named = field.set("\(flag)", in: body.readableBytesUInt8Span)
        else { return body }
        return ByteBuffer(bytes: named)
    }

    /// Asks the engine once more, on a fresh connection. It may have seen the first request and be done with its flag.
    func askAgain() {
        upstream = nil
        releaseFlag()
        claimFlag()
        pool.connect(for: self)
    }

    /// Raises the flag.
    func raiseFlag(_ reason: EndReason) {
        guard let flag, let board = gateway.configuration.board else { return }
        let result = board.cancel(flag, reason)
        if result == .accepted, board.engine != nil {
            isFlagged = true
            EngineConfirmation(flag: flag, run: run, board: board, place: place, gateway: gateway).watch(on: loop)
        }
    }

    /// Gives the slot back. By now the answer is whole or the connection to the engine is closed.
    func releaseFlag() {
        if let flag { gateway.configuration.board?.release(flag, connectionEnded: true) }
        flag = nil
    }
}

/// What is awaited after a flag was raised: the engine's own word that it is done with the run.
struct EngineConfirmation: Sendable {
    let flag: BoardHandle
    let run: Run
    let board: BoardOwner
    /// The run's place at the engine, which is free with its word.
    let place: Gate.Place?
    let gateway: GatewayContext
    private let began = NIODeadline.now()

    init(flag: BoardHandle, run: Run, board: BoardOwner, place: Gate.Place?, gateway: GatewayContext) {
        self.flag = flag
        self.run = run
        self.board = board
        self.place = place
        self.gateway = gateway
    }

    /// How long the engine may take: many steps of the slowest.
    static let patience = TimeAmount.seconds(5)

    /// Looks after a step's time, and then less and less often.
    func watch(on loop: any EventLoop, after delay: TimeAmount = .milliseconds(1)) {
        loop.scheduleTask(in: delay) { [self] in
            if let word = board.acknowledgement(flag), case .final(let outcome) = word.state {
                settle(outcome, word)
            } else if NIODeadline.now() - began > Self.patience {
                gateway.metrics.unconfirmed.increment()
                gateway.configuration.logger.warning(
                    "the engine has not confirmed that it stopped",
                    metadata: ["run_id": "\(run.id)", "slot": "\(flag)"]
                )
            } else {
                watch(on: loop, after: delay * 2)
            }
        }
    }

    private func settle(_ outcome: BoardOutcome, _ word: BoardAcknowledgement) {
        let taken = (NIODeadline.now() - began).nanoseconds
        run.confirmation = Confirmation(
            isConfirmed: true,
            way: .board,
            outcome: "\(outcome)",
            tokens: word.tokens,
            step: word.step,
            nanoseconds: taken
        )
        place?.leave()
        gateway.metrics.confirmed(outcome)
        gateway.metrics.engineCancel(gateway.engine.adapter.name, .board, "confirmed")
        gateway.metrics.engineStopped(.board, after: taken)
    }
}

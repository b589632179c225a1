internal import Cancellation
internal import Guard
internal import NIOCore
internal import Runs

/// Carries out on an exchange's own event loop what is decided about its run elsewhere.
struct ExchangeDriver: RunDriver {
    let loop: any EventLoop
    /// Empty once the exchange is over.
    let exchange: NIOLoopBoundBox<Exchange?>

    /// The text that is shown of a live run, in bytes of each channel.
    static let shownText = 4_096

    init(_ exchange: Exchange, on loop: any EventLoop) {
        self.loop = loop
        self.exchange = NIOLoopBoundBox(exchange, eventLoop: loop)
    }

    func carryOut(_ reason: EndReason, then done: @escaping @Sendable () -> Void) {
        let decided = NIODeadline.now()
        loop.execute {
            exchange.value?.carryOutEnd(reason, decided: decided)
            done()
        }
    }

    func text(_ answer: @escaping @Sendable (StreamText?) -> Void) {
        loop.execute { answer(exchange.value?.guarding?.text(limit: Self.shownText)) }
    }

    /// The exchange is over; on its loop.
    func detach() { exchange.value = nil }
}

internal import CoreMetrics
internal import Guard
internal import Metrics
internal import NIOCore

/// Signs of life for a client that receives nothing for a while: the engine reads a long prompt, or a call is held back
/// until it is whole.
extension Exchange {
    /// Begins to watch the silence, once the head has gone out: before it the engine's status is not known.
    func startKeepAlive() {
        guard state.answer == .guarded, let settings, settings.keepAlive != .none else { return }
        lastWritten = .now()
        awaitSilence()
    }

    private var longestSilence: TimeAmount { TimeAmount(gateway.configuration.keepAliveInterval) }

    private func awaitSilence() {
        keepAliveTimer = loop.assumeIsolated().scheduleTask(deadline: lastWritten + longestSilence) { [weak self] in
            self?.breakSilence()
        }
    }

    private func breakSilence() {
        guard !isClosed, state.answer == .guarded else { return }
        let now = NIODeadline.now()
        if now - lastWritten >= longestSilence {
            // A client that does not read what is there needs no more of it.
            if let client, client.isWritable, let sign = guarding?.keepAlive() {
                client.write(ByteBuffer(bytes: sign))
                client.flush()
                recordWent(sign)
                gateway.metrics.keepAlives.increment()
            }
            lastWritten = now
        }
        awaitSilence()
    }
}

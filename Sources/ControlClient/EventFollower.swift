internal import CurlHTTP
internal import Synchronization

/// Turns what comes over the wire into the items of a stream.
final class EventFollower: Sendable {
    private struct State {
        var reader = RunEventReader()
        var isRefused = false
        /// The body of a refusal.
        var refusal: [UInt8] = []
    }

    private let source: AsyncThrowingStream<ControlClient.Item, any Error>.Continuation
    private let state = Mutex(State())

    init(_ source: AsyncThrowingStream<ControlClient.Item, any Error>.Continuation) { self.source = source }

    func receive(_ head: HTTPResponse) -> Flow {
        let isStream = head.status == 200 && head.mediaType == "text/event-stream"
        state.withLock { $0.isRefused = !isStream }
        if isStream { source.yield(.opened) }
        return .goOn
    }

    func receive(_ bytes: [UInt8]) -> Flow {
        state.withLock { state in
            if state.isRefused {
                state.refusal += bytes
                return state.refusal.count < 65_536 ? .goOn : .stop
            }
            for event in state.reader.receive(bytes) { source.yield(.event(event)) }
            return .goOn
        }
    }

    /// Says how the stream has ended.
    func finish(_ response: HTTPResponse, _ url: String) {
        let (isRefused, refusal) = state.withLock { ($0.isRefused, $0.refusal) }
        if isRefused {
            source.finish(throwing: ControlClient.refusal(response, refusal, url))
        } else {
            source.finish()
        }
    }
}

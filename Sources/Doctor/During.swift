internal import CurlHTTP
internal import Synchronization

extension EnginePort {
    /// Asks for a stream and does something again and again while it comes.
    func during(_ probe: ProbeRequest, _ look: () async -> Void) async -> Result<StreamedAnswer, HTTPError> {
        let isOver = Flag()
        let running = Task {
            defer { isOver.set() }
            return await attempt(probe)
        }
        while !isOver.isSet {
            await look()
            try? await Task.sleep(for: .milliseconds(20))
        }
        return await running.value
    }

    /// Asks for an answer and closes the connection after a time, whatever has come by then.
    /// - Parameter look: Done again and again until then.
    /// - Returns: When the connection was closed; `nil` when the answer was whole before.
    func leave(
        _ probe: ProbeRequest,
        after time: Duration,
        _ look: @escaping @Sendable () async -> Void
    ) async -> ContinuousClock.Instant? {
        let request = request(probe)
        let asking = Task { [http] in try? await http.stream(request) { _ in .goOn } }
        let looking = Task {
            while !Task.isCancelled {
                await look()
                try? await Task.sleep(for: .milliseconds(10))
            }
        }
        try? await Task.sleep(for: time)
        asking.cancel()
        let response = await asking.value
        looking.cancel()
        return response.flatMap { $0.wasStopped ? $0.endedAt : nil }
    }
}

/// Something that is so from some moment on.
final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

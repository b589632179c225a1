internal import CurlHTTP
internal import Engines
internal import Synchronization

/// The engine under examination, as something to send requests to.
struct EnginePort: Sendable {
    /// Without a slash at the end.
    let url: String
    let http: HTTPClient
    /// Sent with every request: credentials, for the most part.
    let headers: [(name: String, value: String)]
    /// The longest that one generation may take.
    let timeout: Duration

    /// Asks something that is answered at once.
    func ask(_ asked: EngineRequest) async throws(HTTPError) -> EngineAnswer {
        var request = HTTPRequest(asked.method, url + asked.path, body: asked.body.map { Array($0.utf8) })
        request.headers = headers
        if asked.body != nil { request.headers.append(("Content-Type", "application/json")) }
        request.timeout = .seconds(10)
        let answer = try await http.send(request)
        return EngineAnswer(status: answer.status, headers: answer.headers, body: answer.body)
    }

    func request(_ probe: ProbeRequest) -> HTTPRequest {
        var request = HTTPRequest.json("POST", url + probe.path, probe.body)
        request.headers += headers + probe.headers
        request.headers.append(("Accept", probe.streams ? probe.format.streamType : "application/json"))
        request.timeout = timeout
        return request
    }

    /// Asks for an answer in one piece.
    func whole(_ probe: ProbeRequest) async throws(HTTPError) -> HTTPResponse { try await http.send(request(probe)) }

    /// Asks for a stream.
    /// - Parameter onDelta: Told how many pieces of text have come, after each read that brought some.
    func stream(
        _ probe: ProbeRequest,
        onDelta: @escaping @Sendable (StreamReading) -> Flow = { _ in .goOn }
    ) async throws(HTTPError) -> StreamedAnswer {
        let log = StreamLog(StreamReading(probe.format))
        let response = try await http.stream(request(probe)) { head in
            log.state.withLock { $0.isStream = head.status == 200 }
            return .goOn
        } onBody: { bytes in
            let reading: StreamReading? = log.state.withLock { state in
                guard state.isStream else {
                    state.refusal += bytes.prefix(4_096)
                    return nil
                }
                let before = state.reading.deltas
                state.reading.receive(bytes)
                return state.reading.deltas > before ? state.reading : nil
            }
            return reading.map(onDelta) ?? .goOn
        }
        return log.state.withLock { StreamedAnswer(response: response, reading: $0.reading, refusal: $0.refusal) }
    }

    /// The same, for a task of its own.
    func attempt(
        _ probe: ProbeRequest,
        onDelta: @escaping @Sendable (StreamReading) -> Flow = { _ in .goOn }
    ) async -> Result<StreamedAnswer, HTTPError> {
        do throws(HTTPError) {
            return .success(try await stream(probe, onDelta: onDelta))
        } catch {
            return .failure(error)
        }
    }

    private final class StreamLog: Sendable {
        struct State {
            var reading: StreamReading
            var isStream = false
            var refusal: [UInt8] = []
        }

        let state: Mutex<State>

        init(_ reading: StreamReading) { state = Mutex(State(reading: reading)) }
    }
}

/// What came of a request for a stream.
struct StreamedAnswer: Sendable {
    var response: HTTPResponse
    var reading: StreamReading
    /// The beginning of the body when the status was not 200.
    var refusal: [UInt8]

    var duration: Duration { response.endedAt - response.beganAt }
    /// From the request to the first piece of text.
    var firstAfter: Duration? { reading.firstAt.map { $0 - response.beganAt } }
    /// From the request to the first sign that it is worked on.
    var begunAfter: Duration? { reading.begunAt.map { $0 - response.beganAt } }

    /// Why there is no answer; `nil` when there is one.
    var failure: String? {
        if response.status != 200, !response.wasStopped {
            let text = String(decoding: refusal.prefix(300), as: UTF8.self)
            return "status \(response.status)" + (text.isEmpty ? "" : ": \(text)")
        }
        return reading.failure
    }
}

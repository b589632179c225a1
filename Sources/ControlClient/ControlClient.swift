public import CurlHTTP
internal import Foundation

/// Speaks the control API of a gateway.
public struct ControlClient: Sendable {
    /// Where the gateway is, without a slash at the end.
    public let url: String
    private let key: String?
    private let http: HTTPClient

    /// Creates a client.
    /// - Parameters:
    ///   - url: Where the gateway is: `http://HOST:PORT`, or with the prefix of a proxy before it.
    ///   - key: Its control key; `nil` when it has none.
    ///   - http: How it is reached.
    public init(url: String, key: String? = nil, http: HTTPClient = HTTPClient()) {
        var url = url[...]
        while url.last == "/" { url.removeLast() }
        self.url = String(url)
        self.key = key
        self.http = http
    }

    static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    // MARK: - Reading

    /// The runs that a query asks for, and the answer as it came.
    public func runs(_ query: RunQuery) async throws(ControlError) -> (page: RunPage, json: String) {
        let answer = try await send("GET", "/v1/runs" + query.text)
        return (try decode(RunPage.self, answer.response, answer.url), answer.response.text)
    }

    /// One run, and the answer as it came.
    public func run(_ id: String) async throws(ControlError) -> (run: RemoteRun, json: String) {
        let answer = try await send("GET", "/v1/runs/\(id.percentEncoded)")
        return (try decode(RemoteRun.self, answer.response, answer.url), answer.response.text)
    }

    // MARK: - Stopping

    /// Stops what a target names.
    /// - Returns: One answer for the run that was named, or one for every run of the session or of all.
    public func stop(_ target: StopTarget, _ order: StopOrder) async throws(ControlError) -> [StopAnswer] {
        switch target {
        case .run(let id):
            let answer = try await send("POST", "/v1/runs/\(id.percentEncoded)/stop", order, source: order.source)
            if answer.response.status == 404 { return [try unknown(id, answer.response, answer.url)] }
            return [try decode(StopAnswer.self, answer.response, answer.url)]
        case .session, .all:
            let answer = try await send("POST", "/v1/runs/cancel", Bulk(target, order), source: order.source)
            return try decode(Answers.self, answer.response, answer.url).data
        }
    }

    private struct Answers: Decodable { var data: [StopAnswer] }

    private struct Bulk: Encodable {
        var session: String?
        var all: Bool?
        var mode: StopOrder.Mode
        var scope: StopOrder.Scope
        var source: String

        init(_ target: StopTarget, _ order: StopOrder) {
            if case .session(let name) = target { session = name } else { all = true }
            (mode, scope, source) = (order.mode, order.scope, order.source)
        }
    }

    /// The answer about a run that nobody knows. A 404 of something else than a gateway is an error.
    private func unknown(_ id: String, _ response: HTTPResponse, _ url: String) throws(ControlError) -> StopAnswer {
        let says = try? Self.decoder.decode(UnknownAnswer.self, from: Data(response.body))
        guard says?.reason == "unknown" || says?.error?.reason == "unknown" || says?.error?.code == "unknown" else {
            throw .notLoopguard(url: url, detail: "it knows no such page (status 404)")
        }
        return StopAnswer(runId: id, cancelled: false, reason: "unknown")
    }

    private struct UnknownAnswer: Decodable {
        var reason: String?
        var error: Details?

        struct Details: Decodable {
            var reason: String?
            var code: String?
        }
    }

    // MARK: - Following

    /// What comes of a stream of events.
    public enum Item: Sendable {
        /// The gateway has begun to answer: nothing that happens from now on is missed.
        case opened
        case event(RunEvent)
    }

    /// Follows the events of all runs, or of one. The stream ends when the gateway ends it, and throws ``ControlError``
    /// when it breaks off.
    /// - Parameters:
    ///   - id: The run; `nil` for all.
    ///   - last: The event after which to go on; `nil` to begin now.
    public func events(of id: String? = nil, after last: String? = nil) -> AsyncThrowingStream<Item, any Error> {
        let path = id.map { "/v1/runs/\($0.percentEncoded)/events" } ?? "/v1/runs/events"
        var request = HTTPRequest("GET", url + path)
        request.headers = headers + [("Accept", "text/event-stream")]
        if let last { request.headers.append(("Last-Event-ID", last)) }
        request.timeout = nil
        // The gateway gives a sign of life every 15 seconds.
        request.silence = .seconds(60)
        let (stream, source) = AsyncThrowingStream.makeStream(of: Item.self)
        let follower = EventFollower(source)
        let task = Task { [http, request] in
            do throws(HTTPError) {
                let response = try await http.stream(request) {
                    follower.receive($0)
                } onBody: {
                    follower.receive($0)
                }
                follower.finish(response, request.url)
            } catch {
                source.finish(throwing: ControlError.transport(error))
            }
        }
        source.onTermination = { _ in task.cancel() }
        return stream
    }

    // MARK: - Asking

    private var headers: [(name: String, value: String)] { key.map { [("Authorization", "Bearer \($0)")] } ?? [] }

    private func send(
        _ method: String,
        _ path: String,
        _ body: (any Encodable)? = nil,
        source: String? = nil
    ) async throws(ControlError) -> (response: HTTPResponse, url: String) {
        var request = HTTPRequest(method, url + path)
        request.headers = headers
        if let body {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // Strings, numbers and booleans: always JSON.
            request.body = (try? encoder.encode(body)).map { Array($0) } ?? Array("{}".utf8)
            request.headers.append(("Content-Type", "application/json"))
        }
        if let source { request.headers.append(("X-Loopguard-Source", source)) }
        do throws(HTTPError) {
            return (try await http.send(request), request.url)
        } catch {
            throw .transport(error)
        }
    }

    private func decode<Answer: Decodable>(
        _ type: Answer.Type,
        _ response: HTTPResponse,
        _ url: String
    ) throws(ControlError) -> Answer {
        guard (200..<300).contains(response.status) else { throw Self.refusal(response, response.body, url) }
        do {
            return try Self.decoder.decode(type, from: Data(response.body))
        } catch {
            throw .notLoopguard(url: url, detail: "the answer is not what loopguard would say")
        }
    }

    /// The error that a status and a body tell of.
    static func refusal(_ response: HTTPResponse, _ body: [UInt8], _ url: String) -> ControlError {
        struct Refusal: Decodable {
            var error: Details

            struct Details: Decodable { var message: String }
        }
        let said = try? decoder.decode(Refusal.self, from: Data(body)).error.message
        guard let said else {
            return .notLoopguard(url: url, detail: "status \(response.status) without a reason")
        }
        return .refused(status: response.status, message: said, url: url)
    }
}

private import Foundation

/// A client on libcurl for the command line.
///
/// Each call has a thread of its own for as long as it lasts; a few at a time are what it is made for. A cancelled task
/// closes its connection at once, also while the server is silent. Redirects are not followed, and HTTP/1.1 is spoken, as
/// the gateway does.
public struct HTTPClient: Sendable {
    /// How servers are reached.
    public var options: TransportOptions

    /// Creates a client.
    public init(_ options: TransportOptions = TransportOptions()) { self.options = options }

    /// Asks for a whole answer.
    /// - Throws: ``HTTPError``; a status that tells of an error is none.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        try await sendInTurn([request])[0]
    }

    /// Sends requests one after the other, over one connection as long as the server keeps it open.
    public func sendInTurn(_ requests: [HTTPRequest]) async throws(HTTPError) -> [HTTPResponse] {
        try await onThread { connections, stop throws(HTTPError) in
            var responses: [HTTPResponse] = []
            for request in requests {
                var body: [UInt8] = []
                var isTooLong = false
                var response = try connections.perform(request, stop) { _ in
                    .goOn
                } onBody: { bytes in
                    guard body.count + bytes.count <= request.bodyLimit else {
                        isTooLong = true
                        return .stop
                    }
                    body.append(contentsOf: bytes)
                    return .goOn
                }
                if isTooLong {
                    let message = "the answer is longer than \(request.bodyLimit) bytes"
                    throw HTTPError(.tooLong, url: request.url, message)
                }
                if response.wasStopped { throw HTTPError(.cancelled, url: request.url, "the request was cancelled") }
                response.body = body
                responses.append(response)
            }
            return responses
        }
    }

    /// Asks for an answer and hands on what comes, read for read.
    ///
    /// Both receivers are called on a thread of the client's; saying ``Flow/stop`` closes the connection, and so does
    /// cancelling the task.
    /// - Parameters:
    ///   - onHead: Told once of status and headers.
    ///   - onBody: Told of each piece of the body.
    /// - Returns: The answer without its body; ``HTTPResponse/wasStopped`` when it was stopped.
    public func stream(
        _ request: HTTPRequest,
        onHead: @escaping @Sendable (HTTPResponse) -> Flow = { _ in .goOn },
        onBody: @escaping @Sendable ([UInt8]) -> Flow
    ) async throws(HTTPError) -> HTTPResponse {
        try await onThread { connections, stop throws(HTTPError) in
            try connections.perform(request, stop, onHead: onHead) { onBody(Array($0)) }
        }
    }

    private func onThread<Result: Sendable>(
        _ work: @escaping @Sendable (CurlConnections, StopSignal) throws(HTTPError) -> Result
    ) async throws(HTTPError) -> Result {
        let stop = StopSignal()
        let options = options
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    let result: Swift.Result<Result, HTTPError>
                    do throws(HTTPError) {
                        result = .success(try work(CurlConnections(options), stop))
                    } catch {
                        result = .failure(error)
                    }
                    continuation.resume(returning: result)
                }
            }
        } onCancel: {
            stop.set()
        }
        return try result.get()
    }
}

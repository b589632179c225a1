internal import NIOHTTP1

/// A whole answer that the gateway gives by itself.
struct Reply: Equatable {
    var status: HTTPResponseStatus
    var contentType = "application/json"
    var body: [UInt8]
    var headers: [(String, String)] = []

    init(_ status: HTTPResponseStatus = .ok, json body: [UInt8]) {
        self.status = status
        self.body = body
    }

    init(_ status: HTTPResponseStatus = .ok, text: String) {
        self.status = status
        contentType = "text/plain; version=0.0.4; charset=utf-8"
        body = Array(text.utf8)
    }

    /// The head, framed for the request it answers.
    func head(for request: HTTPRequestHead) -> HTTPResponseHead {
        var head = HTTPResponseHead(version: request.version, status: status)
        head.headers.add(name: "Content-Type", value: contentType)
        head.headers.add(name: "Content-Length", value: "\(body.count)")
        for (name, value) in headers { head.headers.add(name: name, value: value) }
        HopByHop.frame(&head, for: request)
        return head
    }

    static func == (left: Reply, right: Reply) -> Bool {
        left.status == right.status && left.body == right.body && left.contentType == right.contentType
    }
}

extension Reply {
    /// An error in the shape that OpenAI clients read: `{"error":{"message","type","code"}}`.
    static func error(_ status: HTTPResponseStatus, _ message: String, type: String, code: String) -> Reply {
        Reply(
            status,
            json: JSONWriter.object { json in
                json.key("error")
                json.object { error in
                    error.member("message", message)
                    error.member("type", type)
                    error.member("code", code)
                }
            }
        )
    }

    static func badRequest(_ message: String) -> Reply {
        error(.badRequest, message, type: "invalid_request_error", code: "bad_request")
    }

    static let shuttingDown = error(
        .serviceUnavailable,
        "The gateway is shutting down.",
        type: "server_error",
        code: "shutting_down"
    )

    static func unsupported(_ what: String) -> Reply {
        error(
            .notImplemented,
            "\(what) is not supported by this gateway; speak plain HTTP/1.1 to it.",
            type: "invalid_request_error",
            code: "not_implemented"
        )
    }
}

/// What went wrong between the gateway and the engine.
struct UpstreamFailure: Error, Equatable {
    enum Kind: String, CaseIterable {
        /// No connection could be made.
        case unreachable
        /// The connection broke before the answer was whole.
        case reset
        /// A time limit passed.
        case timeout
        /// What came back is not the answer of an engine.
        case malformed
    }

    var kind: Kind
    var message: String

    /// The answer to a client that has received nothing yet.
    var reply: Reply {
        .error(
            kind == .timeout ? .gatewayTimeout : .badGateway,
            message,
            type: "upstream_error",
            code: "upstream_\(kind.rawValue)"
        )
    }
}

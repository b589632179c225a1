internal import GenerationWire
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

    /// A run that was cancelled before there was anything to answer with. Status 499 is nginx's for a request that was
    /// given up; SDKs do not send such a request again.
    static let cancelled = error(
        .custom(code: 499, reasonPhrase: "Client Closed Request"),
        "The request was cancelled.",
        type: "invalid_request_error",
        code: "cancelled"
    )

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
        /// No place at the engine, and none to wait for one.
        case busy
        /// A time limit passed.
        case timeout
        /// What came back is not the answer of an engine.
        case malformed
        /// The engine said in the middle of its answer that it had failed.
        case reported
        /// The answer takes more memory than it may.
        case tooLong = "too_long"
    }

    var kind: Kind
    var message: String
    /// The engine's own words, where it had some, as an answer.
    var reply: Reply?

    /// The answer to a client that has received nothing yet, as an error in the format that it speaks.
    func reply(in format: WireFormat?) -> Reply {
        if let reply { return reply }
        var reply = error(in: format)
        if kind == .busy { reply.headers.append(("Retry-After", "1")) }
        return reply
    }

    private var status: HTTPResponseStatus {
        switch kind {
        case .timeout: .gatewayTimeout
        case .busy: .tooManyRequests
        case .unreachable, .reset, .malformed, .reported, .tooLong: .badGateway
        }
    }

    private func error(in format: WireFormat?) -> Reply {
        switch format {
        case .messages:
            let type = kind == .timeout ? "timeout_error" : kind == .busy ? "rate_limit_error" : "api_error"
            return Reply(
                status,
                json: JSONWriter.object { json in
                    json.member("type", "error")
                    json.key("error")
                    json.object { error in
                        error.member("type", type)
                        error.member("message", message)
                    }
                }
            )
        case .ollamaChat, .ollamaGenerate:
            return Reply(status, json: JSONWriter.object { $0.member("error", message) })
        case .llamaCompletion:
            return Reply(
                status,
                json: JSONWriter.object { json in
                    json.key("error")
                    json.object { error in
                        error.member("code", Int(status.code))
                        error.member("message", message)
                        error.member("type", "server_error")
                    }
                }
            )
        case .chatCompletions, .completions, .responses, nil:
            let type = kind == .busy ? "rate_limit_error" : "upstream_error"
            return .error(status, message, type: type, code: "upstream_\(kind.rawValue)")
        }
    }
}

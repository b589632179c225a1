internal import GenerationWire
internal import NIOHTTP1

/// Errors of the gateway, each in the shape that the client's format has for them.
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

    /// An error in the shape of a format.
    /// - Parameters:
    ///   - type: OpenAI's type of error.
    ///   - code: Ours, in a word.
    ///   - messagesType: Anthropic's type of error.
    static func error(
        _ status: HTTPResponseStatus,
        _ message: String,
        type: String,
        code: String,
        messagesType: String,
        in format: WireFormat?
    ) -> Reply {
        switch format {
        case .messages:
            Reply(
                status,
                json: JSONWriter.object { json in
                    json.member("type", "error")
                    json.key("error")
                    json.object { error in
                        error.member("type", messagesType)
                        error.member("message", message)
                    }
                }
            )
        case .ollamaChat, .ollamaGenerate: Reply(status, json: JSONWriter.object { $0.member("error", message) })
        case .llamaCompletion:
            Reply(
                status,
                json: JSONWriter.object { json in
                    json.key("error")
                    json.object { error in
                        error.member("code", Int(status.code))
                        error.member("message", message)
                        error.member("type", type == "upstream_error" ? "server_error" : type)
                    }
                }
            )
        case .chatCompletions, .completions, .responses, nil: .error(status, message, type: type, code: code)
        }
    }

    static func badRequest(_ message: String, code: String = "bad_request", in format: WireFormat? = nil) -> Reply {
        error(
            .badRequest,
            message,
            type: "invalid_request_error",
            code: code,
            messagesType: "invalid_request_error",
            in: format
        )
    }

    /// A run that was cancelled before there was anything to answer with. Status 499 is nginx's for a request that was
    /// given up; SDKs do not send such a request again.
    static let cancelled = error(
        .custom(code: 499, reasonPhrase: "Client Closed Request"),
        "The request was cancelled.",
        type: "invalid_request_error",
        code: "cancelled"
    )

    /// A call of a tree that was stopped. Status 410 with that header: SDKs do not send such a request again, and agents
    /// do not take it for a matter of credentials or of the context's length.
    static func runStopped(in format: WireFormat?) -> Reply {
        var reply = error(
            .gone,
            "This run was stopped; loopguard does not pass on its further calls.",
            type: "invalid_request_error",
            code: "run_stopped",
            messagesType: "invalid_request_error",
            in: format
        )
        reply.headers.append(("x-should-retry", "false"))
        return reply
    }

    static func shuttingDown(in format: WireFormat?) -> Reply {
        error(
            .serviceUnavailable,
            "The gateway is shutting down.",
            type: "server_error",
            code: "shutting_down",
            messagesType: "api_error",
            in: format
        )
    }

    static func unsupported(_ what: String) -> Reply {
        error(
            .notImplemented,
            "\(what) is not supported by this gateway; speak plain HTTP/1.1 to it.",
            type: "invalid_request_error",
            code: "not_implemented"
        )
    }
}

internal import NIOHTTP1

/// What is to become of the engine's answer, decided from its head alone.
enum ResponsePlan: Equatable {
    /// The bytes go through the guard.
    case guarded
    /// The bytes pass untouched.
    case passing
    /// The answer is not passed on.
    case refused(UpstreamFailure)

    /// - Parameters:
    ///   - guardable: Whether the request was one that is guarded.
    init(for head: HTTPResponseHead, guardable: Bool) {
        if head.status == .switchingProtocols {
            self = .refused(
                UpstreamFailure(kind: .malformed, message: "The engine switched protocols without being asked.")
            )
            return
        }
        guard guardable, head.status == .ok else {
            self = .passing
            return
        }
        switch Self.mediaType(head.headers) {
        case "text/html":
            let message = "The engine answered with a web page; the upstream URL points at something else."
            self = .refused(UpstreamFailure(kind: .malformed, message: message))
        case "text/event-stream" where !Self.isEncoded(head.headers): self = .guarded
        default: self = .passing
        }
    }

    /// Whether the end of the body is the end of the connection.
    static func endsWithConnection(_ head: HTTPResponseHead) -> Bool {
        !head.headers.contains(name: "content-length") && !head.headers.contains(name: "transfer-encoding")
    }

    private static func mediaType(_ headers: HTTPHeaders) -> String {
        let value = (headers.first(name: "content-type") ?? "").utf8
        return Substring(value.prefix { $0 != UInt8(ascii: ";") && $0 > UInt8(ascii: " ") }).lowercased()
    }

    /// A compressed stream cannot be read in spite of our asking for none.
    static func isEncoded(_ headers: HTTPHeaders) -> Bool {
        headers[canonicalForm: "content-encoding"].contains { $0.lowercased() != "identity" }
    }
}

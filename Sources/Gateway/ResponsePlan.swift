internal import GenerationWire
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
    ///   - format: The format of a request that is guarded.
    init(for head: HTTPResponseHead, guarding format: WireFormat?) {
        if head.status == .switchingProtocols {
            self = .refused(
                UpstreamFailure(kind: .malformed, message: "The engine switched protocols without being asked.")
            )
            return
        }
        guard let format, head.status == .ok else {
            self = .passing
            return
        }
        if Self.mediaType(head.headers) == "text/html" {
            let message = "The engine answered with a web page; the upstream URL points at something else."
            self = .refused(UpstreamFailure(kind: .malformed, message: message))
        } else {
            let isReadable = Self.isStream(head.headers, format) && !Self.isEncoded(head.headers)
            self = isReadable ? .guarded : .passing
        }
    }

    /// Whether an answer is a stream: of the given format, or of any.
    static func isStream(_ headers: HTTPHeaders, _ format: WireFormat?) -> Bool {
        let type = mediaType(headers)
        if let format { return type == format.streamMediaType }
        return WireFormat.allCases.contains { $0.streamMediaType == type }
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

extension WireFormat {
    /// The Content-Type of a stream in the format.
    var streamMediaType: String {
        self == .ollamaChat || self == .ollamaGenerate ? "application/x-ndjson" : "text/event-stream"
    }
}

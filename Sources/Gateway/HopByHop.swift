internal import NIOHTTP1

/// Headers that belong to one connection and not to the message on it (RFC 9110 §7.6.1).
enum HopByHop {
    private static let names = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "http2-settings",
    ]

    /// Removes what must not travel on: the fixed names and those that `Connection` lists.
    static func strip(_ headers: inout HTTPHeaders) {
        let listed = listed(in: headers)
        let kept = headers.filter { !isHopByHop($0.name, listed) }
        if kept.count < headers.count { headers = HTTPHeaders(kept) }
    }

    /// What `Connection` lists.
    private static func listed(in headers: HTTPHeaders) -> [Substring] {
        guard headers.contains(name: "connection") else { return [] }
        // Content-Length frames the message; a Connection header that lists it may not take it away.
        return headers[canonicalForm: "connection"].filter { !$0.isSameName("content-length") }
    }

    private static func isHopByHop(_ name: String, _ listed: [Substring]) -> Bool {
        names.contains { name.isSameName($0) } || listed.contains { name.isSameName($0) }
    }

    /// The request to send to the engine for one that a client sent.
    /// - Parameter runID: The id of the run that a generation is; the embedded engine is cancelled by it, and other
    ///   engines' logs can be read with it.
    static func upstreamHead(
        for head: HTTPRequestHead,
        to upstream: UpstreamURL,
        guarded: Bool,
        runID: String?
    ) -> HTTPRequestHead {
        let chunked = head.headers.contains(name: "transfer-encoding")
        var ours = [("host", upstream.authority)]
        if guarded { ours.append(("accept-encoding", "identity")) }
        if let runID { ours.append(("x-loopguard-run-id", runID)) }
        if chunked { ours.append(("transfer-encoding", "chunked")) }
        let listed = listed(in: head.headers)
        // All at once: every change of the headers would be a search through them.
        var headers: [(String, String)] = []
        headers.reserveCapacity(head.headers.count + ours.count + 2)
        for (name, value) in head.headers where !isHopByHop(name, listed) && !name.isSameName("expect") {
            if ours.contains(where: { name.isSameName($0.0) }) { continue }
            if chunked, name.isSameName("content-length") { continue }
            headers.append((name, value))
        }
        headers += ours
        return HTTPRequestHead(
            version: .http1_1,
            method: head.method,
            uri: upstream.prefix + originForm(head.uri),
            headers: HTTPHeaders(headers)
        )
    }

    /// The response to send to the client for one that the engine sent, framed for the client's protocol version.
    static func clientHead(for head: HTTPResponseHead, request: HTTPRequestHead, reframed: Bool) -> HTTPResponseHead {
        var headers = head.headers
        strip(&headers)
        if reframed { headers.remove(name: "content-length") }
        var reply = HTTPResponseHead(version: request.version, status: head.status, headers: headers)
        frame(&reply, for: request)
        return reply
    }

    /// Chooses how the client will find the end of the body.
    static func frame(_ head: inout HTTPResponseHead, for request: HTTPRequestHead) {
        let bodiless = request.method == .HEAD || !head.status.mayHaveResponseBody
        let delimited = bodiless || head.headers.contains(name: "content-length")
        if !delimited && request.version.isChunkable {
            head.headers.add(name: "transfer-encoding", value: "chunked")
        }
        let ends = delimited || request.version.isChunkable
        if !request.isKeepAlive || !ends || asksForUpgrade(request) {
            head.headers.replaceOrAdd(name: "connection", value: "close")
        } else if !request.version.isChunkable {
            head.headers.replaceOrAdd(name: "connection", value: "keep-alive")
        }
    }

    /// Whether a request wants another protocol. A parser reads nothing after such a request.
    static func asksForUpgrade(_ head: HTTPRequestHead) -> Bool {
        head.headers.contains(name: "upgrade")
            && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// A target in origin form: an absolute one loses its scheme and authority.
    static func originForm(_ uri: String) -> String {
        guard uri.utf8.first != UInt8(ascii: "/"), let scheme = uri.firstRange(of: "://") else { return uri }
        let rest = uri[scheme.upperBound...]
        guard let end = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
        return (rest[end] == "?" ? "/" : "") + String(rest[end...])
    }

    /// The path of a target, without its query.
    static func path(of uri: String) -> Substring {
        let uri = Substring(originForm(uri))
        return uri[..<(uri.utf8.firstIndex(of: UInt8(ascii: "?")) ?? uri.endIndex)]
    }
}

extension StringProtocol {
    /// Whether two names are the same but for the case of ASCII letters.
    fileprivate func isSameName(_ other: some StringProtocol) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return utf8.elementsEqual(other.utf8) { left, right in
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(left | 0x20)
            return left == right || isLetter && left ^ right == 0x20
        }
    }
}

extension HTTPVersion {
    /// Whether the version knows chunked bodies and informational responses, as HTTP/1.1 does and HTTP/1.0 does not.
    var isChunkable: Bool { self != .http1_0 && self != .http0_9 }
}

internal import NIOHTTP1
internal import RunIdentity
internal import Runs

/// Who may look at runs, stop them and mark their recordings.
///
/// The defaults are those of a program for the person at the desk: on a loopback address a caller without credentials
/// sees everything. Elsewhere, or where one wants it, a control key does. Whoever presents other credentials sees what
/// runs under them. And no page of another site can reach any of it with the help of a browser.
struct ControlAccess: Sendable {
    /// SHA-256 of the key, in hexadecimal digits; `nil` when there is none.
    private let key: String?
    private let isLoopback: Bool
    private let allowedOrigins: Set<String>
    private let allowedHosts: Set<String>

    init(_ configuration: GatewayConfiguration) {
        key = configuration.controlKey.map { SHA256.hexadecimal($0.utf8) }
        isLoopback = Self.isLoopback(configuration.host)
        allowedOrigins = Set(configuration.allowedOrigins.map { $0.lowercased() })
        allowedHosts = Set(configuration.allowedHosts.map { $0.lowercased() })
    }

    /// Whether an address can be reached from this machine alone.
    static func isLoopback(_ host: String) -> Bool {
        let name = host.lowercased()
        return name == "localhost" || name.hasSuffix(".localhost") || name == "::1" || name == "[::1]"
            || (name.hasPrefix("127.") && name.allSatisfy { $0.isNumber || $0 == "." })
    }

    enum Judgement {
        case allowed(Viewer)
        case refused(Reply)
    }

    /// Judges a request for one of our routes.
    func judge(_ head: HTTPRequestHead, for route: ControlRoute) -> Judgement {
        if let refusal = refusalOfHost(head) { return .refused(refusal) }
        if route.isChange, let refusal = refusalOfOrigin(head) { return .refused(refusal) }
        guard let viewer = viewer(of: head.headers) else { return .refused(.keyRequired) }
        return .allowed(viewer)
    }

    private func viewer(of headers: HTTPHeaders) -> Viewer? {
        let principal = RunIdentity.principal(of: headers)
        guard let key else { return principal.isEmpty ? .operator : .owner(principal) }
        for candidate in Self.keys(in: headers) where SHA256.hexadecimal(candidate.utf8) == key { return .operator }
        return principal.isEmpty ? nil : .owner(principal)
    }

    private static func keys(in headers: HTTPHeaders) -> [String] {
        var keys = headers["x-loopguard-key"]
        for value in headers["authorization"] where value.lowercased().hasPrefix("bearer ") {
            keys.append(String(value.dropFirst(7)))
        }
        return keys
    }

    // MARK: Other sites

    /// A name that an attacker has pointed at this machine (DNS rebinding) is none that people use for it.
    private func refusalOfHost(_ head: HTTPRequestHead) -> Reply? {
        guard isLoopback, let host = head.headers.first(name: "host") else { return nil }
        let name = Self.name(ofAuthority: host.lowercased())
        if Self.isLoopback(name) || allowedHosts.contains(name) { return nil }
        return .forbidden(
            "The host '\(host.prefix(100))' is not a name of this machine; start loopguard with --allowed-host if it is."
        )
    }

    /// What a browser sends for a page must come from our own or an allowed one, and in a form that a page of another
    /// site cannot send without asking first.
    private func refusalOfOrigin(_ head: HTTPRequestHead) -> Reply? {
        let origin = head.headers.first(name: "origin")?.lowercased()
        let site = head.headers.first(name: "sec-fetch-site")?.lowercased()
        guard origin != nil || site != nil else { return nil }
        let host = head.headers.first(name: "host")?.lowercased() ?? ""
        let isOwn = origin.map { $0 == "http://\(host)" || $0 == "https://\(host)" } ?? (site == "same-origin")
        guard isOwn || origin.map(allowedOrigins.contains) == true else {
            return .forbidden(
                "A page of another site may neither stop nor mark runs; --allowed-origin names those that may."
            )
        }
        let type = head.headers.first(name: "content-type")?.lowercased() ?? ""
        guard type.hasPrefix("application/json") || head.headers.contains(name: "x-loopguard-source") else {
            return .forbidden(
                "What a browser sends needs 'Content-Type: application/json' or 'X-Loopguard-Source'."
            )
        }
        return nil
    }

    private static func name(ofAuthority authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[...end]) }
        return String(authority.prefix { $0 != ":" })
    }
}

extension Reply {
    static func forbidden(_ message: String) -> Reply {
        error(.forbidden, message, type: "permission_error", code: "forbidden")
    }

    static let keyRequired: Reply = {
        var reply = error(
            .unauthorized,
            "Runs are shown and stopped with the control key (X-Loopguard-Key), or with a run's own credentials.",
            type: "authentication_error",
            code: "key_required"
        )
        reply.headers.append(("WWW-Authenticate", "Bearer"))
        return reply
    }()
}

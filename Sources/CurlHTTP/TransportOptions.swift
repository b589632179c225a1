/// How servers are reached. The environment of curl counts as well: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
public struct TransportOptions: Sendable, Equatable {
    /// A Unix socket that takes the place of host and port.
    public var unixSocket: String?
    /// A file with the certificates to trust, in PEM.
    public var certificateAuthorities: String?
    /// Whether certificates are believed unseen.
    public var isInsecure = false
    /// Whether user names and passwords are taken from `~/.netrc`.
    public var usesNetrc = false
    /// A proxy; empty for none, whatever the environment says; `nil` for what the environment says.
    public var proxy: String?

    /// The defaults: what the environment says.
    public init() {}
}

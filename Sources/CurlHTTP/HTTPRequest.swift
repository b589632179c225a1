/// A request of the command line.
public struct HTTPRequest: Sendable {
    /// The method, such as `GET`.
    public var method: String
    /// Where it goes: `http://…` or `https://…`.
    public var url: String
    /// Headers as they are written, in their order.
    public var headers: [(name: String, value: String)] = []
    /// The body; `nil` for none.
    public var body: [UInt8]?
    /// How long the way to the server may take: its name, the connection, TLS.
    public var connectTimeout = Duration.seconds(5)
    /// How long all of it may take, the answer included; `nil` for as long as it likes.
    public var timeout: Duration? = .seconds(30)
    /// After how long without a byte, in whole seconds, the connection counts as dead; `nil` for never.
    public var silence: Duration?
    /// The longest answer that is kept, in bytes; a longer one is an error. What is streamed has no limit.
    public var bodyLimit = 16 << 20

    /// Creates a request.
    public init(_ method: String = "GET", _ url: String, body: [UInt8]? = nil) {
        self.method = method
        self.url = url
        self.body = body
    }

    /// A request with a JSON body.
    public static func json(_ method: String, _ url: String, _ body: some StringProtocol) -> HTTPRequest {
        var request = HTTPRequest(method, url, body: Array(body.utf8))
        request.headers.append(("Content-Type", "application/json"))
        return request
    }
}

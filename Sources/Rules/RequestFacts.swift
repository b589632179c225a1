/// What the rules may know of a request. What is `nil` is matched by no pattern.
public struct RequestFacts: Sendable, Equatable {
    /// The model that the request names.
    public var model: String?
    /// The path, without the query.
    public var path: String?
    /// The header `User-Agent`.
    public var userAgent: String?
    /// The header `Authorization`.
    public var authorization: String?
    /// Every header by its name in lower case, for the profiles of clients. Of a header that stands there more than
    /// once, one value.
    public var headers: [String: String] = [:]
    /// The header `X-Loopguard-Mode`.
    public var modeHeader: String?
    /// The header `X-Loopguard-Disable`.
    public var disableHeader: String?

    /// Gathers the facts.
    public init(
        model: String? = nil,
        path: String? = nil,
        userAgent: String? = nil,
        authorization: String? = nil,
        headers: [String: String] = [:],
        modeHeader: String? = nil,
        disableHeader: String? = nil
    ) {
        self.model = model
        self.path = path
        self.userAgent = userAgent
        self.authorization = authorization
        self.headers = headers
        self.modeHeader = modeHeader
        self.disableHeader = disableHeader
    }
}

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
    /// The name that rules have given to the request's key, where the key itself is not known: in a recording.
    public var keyName: String?
    /// Every header, for the profiles of clients.
    public var headers: RequestHeaders = [:]
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
        keyName: String? = nil,
        headers: RequestHeaders = [:],
        modeHeader: String? = nil,
        disableHeader: String? = nil
    ) {
        self.model = model
        self.path = path
        self.userAgent = userAgent
        self.authorization = authorization
        self.keyName = keyName
        self.headers = headers
        self.modeHeader = modeHeader
        self.disableHeader = disableHeader
    }
}

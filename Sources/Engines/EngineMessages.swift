/// Something to ask an engine, as HTTP. Whoever has a socket sends it; this room only says what.
public struct EngineRequest: Sendable, Equatable {
    /// The method, in capitals.
    public var method: String
    /// The path with its query, beginning with a slash.
    public var path: String
    /// The body, as JSON; `nil` for none.
    public var body: String?

    /// A request.
    public init(_ method: String, _ path: String, body: String? = nil) {
        self.method = method
        self.path = path
        self.body = body
    }
}

/// What an engine answered.
public struct EngineAnswer: Sendable {
    /// The HTTP status.
    public var status: Int
    /// The headers, in their order.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// An answer.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An answer with a body of text.
    public init(_ status: Int, _ body: String, headers: [(name: String, value: String)] = []) {
        self.init(status: status, headers: headers, body: Array(body.utf8))
    }

    /// The first header of that name, whatever its case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Whether the engine did as it was asked.
    public var isSuccess: Bool { (200..<300).contains(status) }
}

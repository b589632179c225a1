/// The answer to a request.
public struct HTTPResponse: Sendable {
    /// The status; 0 when the request was stopped before there was one.
    public var status = 0
    /// The headers as they came, in their order.
    public var headers: [(name: String, value: String)] = []
    /// The body; empty when it was streamed.
    public var body: [UInt8] = []
    /// Whether the receiver stopped it before its end; the connection is closed then.
    public var wasStopped = false
    /// Whether it came over a connection that an earlier request had opened.
    public var reusedConnection = false
    /// When the request was begun, and when the answer was whole or the connection closed.
    public var beganAt = ContinuousClock.now
    public var endedAt = ContinuousClock.now

    /// The first header of a name, in whatever case it is written.
    public subscript(header name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The media type without its parameters, in lower case; empty when there is none.
    public var mediaType: String {
        let type = self[header: "Content-Type"] ?? ""
        return type.prefix { $0 != ";" && !$0.isWhitespace }.lowercased()
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// What a receiver says after each part of an answer.
public enum Flow: Sendable {
    case goOn
    /// Nothing more is wanted: the connection is closed.
    case stop
}

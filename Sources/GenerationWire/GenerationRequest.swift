// CONTRACT (bodies follow).

/// The facts of a generation request that the guard needs, read once from path and body.
public struct GenerationRequest: Sendable, Equatable {
    /// The wire format of request and response.
    public var format: WireFormat
    /// The model asked for; empty when the request names none.
    public var model = ""
    /// Whether the client asked for a stream.
    public var stream = false
    /// Whether the client asked for a usage chunk.
    public var includeUsage = false
    /// Whether the client asked for JSON output.
    public var jsonOutput = false
    /// The number of choices asked for.
    public var choices = 1
    /// The turns before this request.
    public var conversation = Conversation()

    /// Creates the facts by hand.
    public init(format: WireFormat) { self.format = format }

    /// Reads the facts from a request; `nil` when the path names no format that is guarded.
    /// A body that is no JSON object gives the format's defaults: the engine will say what is wrong with it.
    public init?(path: some StringProtocol, body: Span<UInt8>) { return nil }
}

/// The wire formats that are guarded.
public enum WireFormat: String, Sendable, CaseIterable {
    /// OpenAI `/v1/chat/completions`.
    case chatCompletions = "chat"
    /// OpenAI `/v1/completions`.
    case completions
}

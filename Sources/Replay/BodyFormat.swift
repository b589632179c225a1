public import GenerationWire

/// What a recorded body is written in, told by its first events.
public enum BodyFormat: Sendable, Equatable {
    /// A format that the guard reads.
    case guarded(WireFormat)
    /// A format that passes through the gateway unread; its name.
    case unguarded(String)

    /// The name printed in results.
    public var name: String {
        switch self {
        case .guarded(let format): format.rawValue
        case .unguarded(let name): name
        }
    }

    /// Marks that name a format, most telling first.
    private static let marks: [(text: String, format: BodyFormat)] = [
        ("\"chat.completion.chunk\"", .guarded(.chatCompletions)),
        ("\"text_completion\"", .guarded(.completions)),
        ("\"response.created\"", .unguarded("responses")),
        ("\"message_start\"", .unguarded("anthropic")),
        ("\"done\":", .unguarded("ollama")),
        ("\"delta\":", .guarded(.chatCompletions)),
        ("\"choices\":", .guarded(.chatCompletions)),
    ]

    /// How far into a body its format is looked for, in bytes.
    private static let reach = 65_536

    /// Tells the format of a body. A body without any mark is `unknown` and passes unread.
    public init(of body: [UInt8]) {
        let beginning = String(decoding: body.prefix(Self.reach).filter { $0 != 0x20 }, as: UTF8.self)
        self = Self.marks.first { beginning.contains($0.text) }?.format ?? .unguarded("unknown")
    }
}

extension WireFormat {
    /// The path that a request in this format is sent to.
    public var path: String {
        switch self {
        case .chatCompletions: "/v1/chat/completions"
        case .completions: "/v1/completions"
        case .responses: "/v1/responses"
        case .messages: "/v1/messages"
        case .ollamaChat: "/api/chat"
        case .ollamaGenerate: "/api/generate"
        case .llamaCompletion: "/completion"
        }
    }
}

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
        ("\"response.created\"", .guarded(.responses)),
        ("\"message_start\"", .guarded(.messages)),
        ("\"choices\":", .guarded(.chatCompletions)),
        ("\"response.", .guarded(.responses)),
        ("\"content_block_", .guarded(.messages)),
        ("\"tokens_predicted\":", .guarded(.llamaCompletion)),
        ("\"stopped_limit\":", .guarded(.llamaCompletion)),
        ("\"delta\":", .guarded(.chatCompletions)),
    ]

    /// How far into a body its format is looked for, in bytes.
    private static let reach = 65_536

    /// Tells the format of a body. A body without any mark is `unknown` and passes unread, and so does one that is no
    /// stream but a single JSON object.
    public init(of body: [UInt8]) {
        let beginning = String(decoding: body.prefix(Self.reach).filter { $0 != 0x20 }, as: UTF8.self)
        if beginning.first(where: { !$0.isWhitespace }) == "{" {
            self = Self.lines(beginning)
        } else {
            self = Self.marks.first { beginning.contains($0.text) }?.format ?? .unguarded("unknown")
        }
    }

    /// The format of a body without the fields of server-sent events: Ollama's lines or one JSON object.
    private static func lines(_ beginning: String) -> BodyFormat {
        guard beginning.contains("\"done\":") else { return .unguarded("json") }
        return .guarded(beginning.contains("\"message\":") ? .ollamaChat : .ollamaGenerate)
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

/// The wire formats of generations, by the path that asks for them.
public enum WireFormat: String, Sendable, CaseIterable {
    /// OpenAI `/v1/chat/completions`.
    case chatCompletions = "chat"
    /// OpenAI `/v1/completions`.
    case completions
    /// OpenAI `/v1/responses`; some clients leave the version out.
    case responses
    /// Anthropic `/v1/messages`.
    case messages
    /// Ollama `/api/chat`.
    case ollamaChat = "ollama_chat"
    /// Ollama `/api/generate`.
    case ollamaGenerate = "ollama_generate"
    /// llama.cpp `/completion` and `/infill`.
    case llamaCompletion = "llama_completion"

    /// The format that a request path asks for; `nil` when it is not guarded. A query and a prefix before the path are
    /// ignored. `/completions` without `/v1` is llama.cpp's own format, not OpenAI's.
    public init?(path: some StringProtocol) {
        var path = String(path)
        let format = path.withUTF8 { bytes in
            let path = bytes.prefix { $0 != UInt8(ascii: "?") }
            return Self.endings.first { path.suffix($0.path.utf8.count).elementsEqual($0.path.utf8) }?.format
        }
        guard let format else { return nil }
        self = format
    }

    /// The path that a request in this format is sent to, where an engine is asked by itself.
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

    private static let endings: [(path: String, format: WireFormat)] = [
        ("/chat/completions", .chatCompletions),
        ("/v1/completions", .completions),
        ("/responses", .responses),
        ("/v1/messages", .messages),
        ("/api/chat", .ollamaChat),
        ("/api/generate", .ollamaGenerate),
        ("/completion", .llamaCompletion),
        ("/completions", .llamaCompletion),
        ("/infill", .llamaCompletion),
    ]

    /// A reader and writer for one response in this format.
    /// - Parameters:
    ///   - id: The id for chunks when the engine has sent none yet.
    ///   - created: Their time in Unix seconds.
    ///   - model: Their model.
    public func makeStream(id: String, created: Int, model: String) -> any StreamFormat {
        switch self {
        case .chatCompletions: ChatCompletions(id: "chatcmpl-" + id, created: created, model: model)
        case .completions: Completions(id: "cmpl-" + id, created: created, model: model)
        case .responses: Responses(id: "resp_" + id, created: created, model: model)
        case .messages: AnthropicMessages(id: "msg_" + id, model: model)
        case .ollamaChat: Ollama(.chat, created: created, model: model)
        case .ollamaGenerate: Ollama(.generate, created: created, model: model)
        case .llamaCompletion: LlamaCompletion(model: model)
        }
    }
}

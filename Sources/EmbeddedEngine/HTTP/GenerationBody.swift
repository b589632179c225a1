import JSONBytes

/// The generation endpoints.
enum Endpoint: Sendable {
    /// `/v1/chat/completions`
    case chat
    /// `/v1/completions`
    case completions
}

/// A request's body, read and checked. Fields that the engine does not know are ignored, as the API demands; those that
/// it knows and cannot honour are refused.
struct GenerationBody: Equatable {
    /// The most choices of one request.
    static let maxChoices = 8
    /// The most stop strings of one request, and the longest one in bytes.
    static let maxStops = 16
    static let maxStopLength = 256
    /// The most alternatives that are named with a token.
    static let maxTopLogprobs = 20
    /// The most tokens with a bias.
    static let maxBiases = 1024

    enum Prompt: Equatable {
        case text([UInt8])
        case tokens([Token])
    }

    var messages: [ChatMessage] = []
    var tools: [Tool] = []
    var toolChoice: ToolChoice?
    var parallelToolCalls = true
    var prompts: [Prompt] = []
    var echo = false
    var stream = false
    var includeUsage = false
    var usageOnEveryChunk = false
    var choices = 1
    var maxTokens: Int?
    var sampling = SamplingOptions()
    var seed: UInt64?
    var stops: [[UInt8]] = []
    var ignoresEndOfText = false
    /// How many alternatives to name; `nil` for no log-probabilities.
    var logprobs: Int?

    init(_ bytes: Span<UInt8>, for endpoint: Endpoint) throws(APIError) {
        var reader = JSONReader()
        guard reader.peek(bytes) == .object else {
            throw .invalid("The request's body must be a JSON object.", code: "invalid_json")
        }
        var body = Self.blank
        var fields = FieldReader()
        var names = Names()
        reader.readObject(bytes) { key, reader in
            body.read(JSONString.string(bytes, key), bytes, &reader, &fields, endpoint, &names)
        }
        if reader.failed || !reader.atEnd(bytes) {
            throw .invalid("The request's body is not valid JSON near byte \(reader.position).", code: "invalid_json")
        }
        body.settle(names, &fields)
        if let problem = fields.problem { throw problem }
        guard endpoint == .chat ? !body.messages.isEmpty : !body.prompts.isEmpty else {
            let field = endpoint == .chat ? "messages" : "prompt"
            throw .invalid("The request needs '\(field)', and it must not be empty.", parameter: field)
        }
        guard max(1, body.prompts.count) * body.choices <= Self.maxChoices else {
            throw .invalid("A request may have at most \(Self.maxChoices) choices over all prompts.", parameter: "n")
        }
        self = body
    }

    private init() {}
    private static var blank: GenerationBody { GenerationBody() }

    /// The grammar of tool calls; `nil` when the model is offered no tools.
    var grammar: ToolCallGrammar? {
        let names = tools.map(\.name)
        switch toolChoice ?? .auto {
        case _ where tools.isEmpty: return nil
        case .none: return nil
        case .auto: return ToolCallGrammar(names: names, isRequired: false, isSingle: !parallelToolCalls)
        case .required: return ToolCallGrammar(names: names, isRequired: true, isSingle: !parallelToolCalls)
        case .function(let name): return ToolCallGrammar(names: [name], isRequired: true, isSingle: true)
        }
    }

    // MARK: - Fields

    /// Fields whose meaning depends on others.
    private struct Names {
        var newLimit: Int?
        var wantsLogprobs = false
        var topLogprobs: Int?
        var repeatWindow: Int?
        var hasRepeatPenalty = false
    }

    private mutating func read(
        _ name: String,
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ fields: inout FieldReader,
        _ endpoint: Endpoint,
        _ names: inout Names
    ) {
        let isChat = endpoint == .chat
        switch name {
        case "messages" where isChat: messages = fields.messages(bytes, &reader)
        case "tools" where isChat: tools = fields.tools(bytes, &reader)
        case "tool_choice" where isChat: toolChoice = fields.toolChoice(bytes, &reader)
        case "parallel_tool_calls" where isChat: parallelToolCalls = fields.bool(bytes, &reader, name) ?? true
        case "functions" where isChat, "function_call" where isChat:
            fields.refuse(bytes, &reader, name, "is not supported: use 'tools' and 'tool_choice'")
        case "response_format" where isChat: responseFormat(bytes, &reader, &fields)
        case "prompt" where !isChat: prompts = fields.prompts(bytes, &reader, name, limit: Self.maxChoices)
        case "echo" where !isChat: echo = fields.bool(bytes, &reader, name) ?? false
        case "suffix" where !isChat: fields.refuse(bytes, &reader, name, "is not supported: this model only appends")
        case "best_of" where !isChat: _ = fields.integer(bytes, &reader, name, 1...1)
        case "stream": stream = fields.bool(bytes, &reader, name) ?? false
        case "stream_options": streamOptions(bytes, &reader, &fields)
        case "n": choices = fields.integer(bytes, &reader, name, 1...Self.maxChoices) ?? 1
        case "max_tokens": maxTokens = fields.integer(bytes, &reader, name, (isChat ? 1 : 0)...Int.max)
        case "max_completion_tokens": names.newLimit = fields.integer(bytes, &reader, name, 1...Int.max)
        case "stop":
            stops = fields.strings(bytes, &reader, name, limit: Self.maxStops)
            if stops.contains(where: { $0.isEmpty || $0.count > Self.maxStopLength }) {
                fields.note("'stop' must hold strings of 1 to \(Self.maxStopLength) bytes.", parameter: name)
            }
        case "ignore_eos": ignoresEndOfText = fields.bool(bytes, &reader, name) ?? false
        case "logprobs" where isChat: names.wantsLogprobs = fields.bool(bytes, &reader, name) ?? false
        case "top_logprobs" where isChat:
            names.topLogprobs = fields.integer(bytes, &reader, name, 0...Self.maxTopLogprobs)
        case "logprobs": logprobs = fields.integer(bytes, &reader, name, 0...Self.maxTopLogprobs)
        default: readSampling(name, bytes, &reader, &fields, &names)
        }
    }

    private mutating func readSampling(
        _ name: String,
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ fields: inout FieldReader,
        _ names: inout Names
    ) {
        switch name {
        case "temperature": sampling.temperature = Float(fields.number(bytes, &reader, name, 0...2) ?? 1)
        case "top_k": sampling.topK = max(0, fields.integer(bytes, &reader, name, -1...Int.max) ?? 0)
        case "top_p": sampling.topP = Float(fields.number(bytes, &reader, name, 0...1) ?? 1)
        case "min_p": sampling.minP = Float(fields.number(bytes, &reader, name, 0...1) ?? 0)
        case "repetition_penalty", "repeat_penalty":
            sampling.repetitionPenalty = Float(fields.number(bytes, &reader, name, 0.01...100) ?? 1)
            names.hasRepeatPenalty = name == "repeat_penalty"
        case "repeat_last_n": names.repeatWindow = fields.integer(bytes, &reader, name, -1...Int.max)
        case "frequency_penalty": sampling.frequencyPenalty = Float(fields.number(bytes, &reader, name, -2...2) ?? 0)
        case "presence_penalty": sampling.presencePenalty = Float(fields.number(bytes, &reader, name, -2...2) ?? 0)
        case "logit_bias": sampling.logitBias = fields.biases(bytes, &reader, name, limit: Self.maxBiases)
        case "seed":
            let seed = fields.integer(bytes, &reader, name, Int.min...Int.max)
            self.seed = seed.map { UInt64(bitPattern: Int64($0)) }
        default: reader.skipValue(bytes)
        }
    }

    private mutating func streamOptions(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ fields: inout FieldReader
    ) {
        fields.object(bytes, &reader, "stream_options") { key, reader, fields in
            if bytes.equals(key, "include_usage") {
                includeUsage = fields.bool(bytes, &reader, "stream_options.include_usage") ?? false
            } else if bytes.equals(key, "continuous_usage_stats") {
                usageOnEveryChunk = fields.bool(bytes, &reader, "stream_options.continuous_usage_stats") ?? false
            } else {
                reader.skipValue(bytes)
            }
        }
    }

    private mutating func responseFormat(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ fields: inout FieldReader
    ) {
        fields.object(bytes, &reader, "response_format") { key, reader, fields in
            if bytes.equals(key, "type"), reader.peek(bytes) == .string {
                if fields.string(bytes, &reader) == Array("text".utf8) { return }
                fields.note("'response_format' may only be of type 'text'.", parameter: "response_format")
            } else {
                reader.skipValue(bytes)
            }
        }
    }

    /// Settles what depends on several fields.
    private mutating func settle(_ names: Names, _ fields: inout FieldReader) {
        if let newLimit = names.newLimit { maxTokens = newLimit }
        if names.wantsLogprobs {
            logprobs = names.topLogprobs ?? 0
        } else if names.topLogprobs != nil {
            fields.note("'top_logprobs' needs 'logprobs' to be true.", parameter: "top_logprobs")
        }
        if echo, logprobs != nil {
            fields.note("'echo' cannot be had together with 'logprobs'.", parameter: "echo")
        }
        // llama.cpp looks at the last 64 tokens unless it is told otherwise, Hugging Face and vLLM at all of them.
        switch names.repeatWindow ?? (names.hasRepeatPenalty ? 64 : -1) {
        case -1: sampling.repetitionWindow = nil
        case 0: sampling.repetitionPenalty = 1
        case let window: sampling.repetitionWindow = window
        }
        switch toolChoice {
        case .required where tools.isEmpty, .function where tools.isEmpty:
            fields.note("'tool_choice' needs 'tools'.", parameter: "tool_choice")
        case .function(let name) where !tools.contains { $0.name == name }:
            let name = String(decoding: name, as: UTF8.self)
            fields.note("'tool_choice' names '\(name)', which is not among the 'tools'.", parameter: "tool_choice")
        default: break
        }
    }
}

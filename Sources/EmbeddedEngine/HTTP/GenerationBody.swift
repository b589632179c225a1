import JSONBytes

/// The generation endpoints.
enum Endpoint: Sendable {
    /// `/v1/chat/completions`
    case chat
    /// `/v1/completions`
    case completions
}

/// A request's body, read and checked. Fields that the engine does not know are ignored, as the API demands.
struct GenerationBody: Equatable {
    /// The most choices of one request.
    static let maxChoices = 8
    /// The most stop strings of one request, and the longest one in bytes.
    static let maxStops = 16
    static let maxStopLength = 256

    var prompts: [[UInt8]] = []
    var stream = false
    var includeUsage = false
    var choices = 1
    var maxTokens: Int?
    var sampling = SamplingOptions()
    var seed: UInt64?
    var stops: [[UInt8]] = []
    var ignoresEndOfText = false

    init(_ bytes: Span<UInt8>, for endpoint: Endpoint) throws(APIError) {
        var reader = JSONReader()
        guard reader.peek(bytes) == .object else {
            throw .invalid("The request's body must be a JSON object.", code: "invalid_json")
        }
        var body = Self.blank
        var fields = FieldReader()
        var newLimit: Int?
        reader.readObject(bytes) { key, reader in
            let name = JSONString.string(bytes, key)
            switch name {
            case "messages" where endpoint == .chat:
                body.prompts = [ChatTemplate.readMessages(bytes, &reader, &fields)]
            case "prompt" where endpoint == .completions:
                body.prompts = fields.strings(bytes, &reader, name, limit: Self.maxChoices)
            case "stream": body.stream = fields.bool(bytes, &reader, name) ?? false
            case "stream_options":
                fields.object(bytes, &reader, name) { inner, reader, fields in
                    guard bytes.equals(inner, "include_usage") else {
                        _ = reader.skipValue(bytes)
                        return
                    }
                    body.includeUsage = fields.bool(bytes, &reader, "stream_options.include_usage") ?? false
                }
            case "n": body.choices = fields.integer(bytes, &reader, name, 1...Self.maxChoices) ?? 1
            case "max_tokens": body.maxTokens = fields.integer(bytes, &reader, name, 1...Int.max)
            case "max_completion_tokens": newLimit = fields.integer(bytes, &reader, name, 1...Int.max)
            case "temperature":
                body.sampling.temperature = Float(fields.number(bytes, &reader, name, 0...2) ?? 1)
            case "top_k": body.sampling.topK = max(0, fields.integer(bytes, &reader, name, -1...Int.max) ?? 0)
            case "top_p": body.sampling.topP = Float(fields.number(bytes, &reader, name, 0...1) ?? 1)
            case "seed":
                let seed = fields.integer(bytes, &reader, name, Int.min...Int.max)
                body.seed = seed.map { UInt64(bitPattern: Int64($0)) }
            case "stop":
                body.stops = fields.strings(bytes, &reader, name, limit: Self.maxStops)
                if body.stops.contains(where: { $0.isEmpty || $0.count > Self.maxStopLength }) {
                    fields.note("'stop' must hold strings of 1 to \(Self.maxStopLength) bytes.", parameter: name)
                }
            case "ignore_eos": body.ignoresEndOfText = fields.bool(bytes, &reader, name) ?? false
            default: reader.skipValue(bytes)
            }
        }
        if reader.failed || !reader.atEnd(bytes) {
            throw .invalid("The request's body is not valid JSON near byte \(reader.position).", code: "invalid_json")
        }
        if let problem = fields.problem { throw problem }
        if let newLimit { body.maxTokens = newLimit }
        guard !body.prompts.isEmpty else {
            let field = endpoint == .chat ? "messages" : "prompt"
            throw .invalid("The request needs '\(field)', and it must not be empty.", parameter: field)
        }
        guard body.prompts.count * body.choices <= Self.maxChoices else {
            throw .invalid("A request may have at most \(Self.maxChoices) choices over all prompts.", parameter: "n")
        }
        self = body
    }

    private init() {}
    private static var blank: GenerationBody { GenerationBody() }
}

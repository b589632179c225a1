import JSONBytes

/// The facts of a generation request that the guard needs, read once from path and body.
public struct GenerationRequest: Sendable, Equatable {
    /// The wire format of request and response.
    public var format: WireFormat
    /// The model asked for; empty when the request names none.
    public var model = ""
    /// Whether the client asked for a stream, which Ollama's clients do by saying nothing.
    public var stream = false
    /// Whether the client asked for a usage chunk.
    public var includeUsage = false
    /// Whether the client asked for JSON output.
    public var jsonOutput = false
    /// The number of choices asked for.
    public var choices = 1
    /// The most tokens asked for, under whichever name the format has for it.
    public var maxTokens: Int?
    /// The size of the body in bytes, from which prompt tokens are estimated when the engine cannot tell any more.
    public var bodyBytes = 0
    /// The turns before this request.
    public var conversation = Conversation()
    /// Whether the last message is a person's: user text, neither the result of a tool nor what a client writes by itself
    /// when an answer was cut. False where the format has no messages.
    public private(set) var endsWithUserText = false
    /// Where the members are that tell whom the request belongs to.
    public private(set) var belonging = BelongingMembers()
    /// Where the turns before this request are, when the engine keeps them (OpenAI Responses).
    public var thread: ConversationThread?
    /// Whether engines refuse to stream what is asked: `best_of`, `echo`, beams, a run in the background.
    public var refusesStreaming = false
    /// Whether the client asked for the tokens' ids (llama.cpp, `return_tokens`).
    public var returnsTokens = false
    /// A fingerprint of which members the request has, whatever their values.
    public private(set) var members: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The most choices that are believed; more is the engine's to refuse.
    static let maxChoices = 128

    /// Creates the facts by hand.
    public init(format: WireFormat) {
        self.format = format
        stream = format.streamsByDefault
    }

    /// Reads the facts from a request; `nil` when the path names no format that is guarded.
    /// - Parameters:
    ///   - path: The request's path; a query is ignored.
    ///   - body: The whole body.
    public init?(path: some StringProtocol, body: borrowing Span<UInt8>) {
        guard let format = WireFormat(path: path) else { return nil }
        self.init(format: format, body: body)
    }

    /// Reads the facts from the body of a request.
    ///
    /// A body that is no JSON object gives the format's defaults: the engine will say what is wrong with it.
    public init(format: WireFormat, body: borrowing Span<UInt8>) {
        self.init(format: format)
        bodyBytes = body.count
        var facts = self
        let isRead: Bool
        switch format {
        case .chatCompletions, .completions: isRead = facts.readOpenAI(body)
        case .responses: isRead = facts.readResponses(body)
        case .messages: isRead = facts.readMessages(body)
        case .ollamaChat, .ollamaGenerate: isRead = facts.readOllama(body)
        case .llamaCompletion: isRead = facts.readLlama(body)
        }
        if isRead { self = facts }
    }

    /// Puts turns in front of those that the request holds itself.
    public mutating func recall(_ earlier: [Conversation.Step]) {
        guard let thread, !earlier.isEmpty else { return }
        let tools = conversation.offeredTools
        conversation = Conversation(steps: earlier + thread.steps)
        conversation.offeredTools = tools
    }

    // MARK: - What the formats' readers share

    /// Reads the top-level object; `member` gets every member that is not common to all formats.
    /// - Returns: Whether the body is one JSON object.
    mutating func readMembers(
        _ body: borrowing Span<UInt8>,
        _ member: (JSONReader.StringToken, inout JSONReader, inout GenerationRequest) -> Void
    ) -> Bool {
        var facts = self
        var members: UInt64 = 0
        var reader = JSONReader()
        guard reader.peek(body) == .object else { return false }
        reader.readObject(body) { key, reader in
            members = members &+ Self.fingerprint(body, key.range)
            if body.equals(key, "model") {
                if let model = reader.text(body) { facts.model = model }
            } else if body.equals(key, "stream") {
                facts.stream = reader.readBoolOrSkip(body) ?? facts.format.streamsByDefault
            } else if Self.limits.contains(where: { body.equals(key, $0) }) {
                facts.maxTokens = reader.readIntegerOrSkip(body) ?? facts.maxTokens
            } else if let place = BelongingMembers.place(of: key, in: body) {
                facts.belonging[keyPath: place] = reader.skipValue(body)
            } else {
                member(key, &reader, &facts)
            }
        }
        facts.members = members
        if !reader.failed { self = facts }
        return !reader.failed
    }

    /// What the formats call the most tokens to generate.
    private static let limits: [StaticString] = [
        "max_tokens", "max_completion_tokens", "max_output_tokens", "n_predict",
    ]

    /// Takes the turns before this request in, from the value that tells them.
    mutating func setConversation(_ steps: [Conversation.Step], _ body: borrowing Span<UInt8>, _ range: Range<Int>) {
        conversation = Conversation(steps: steps)
        endsWithUserText = steps.last == .user && !AutomaticText.ends(body, range)
    }

    /// FNV-1a (Fowler, Noll, Vo). Sums of it do not depend on the members' order.
    private static func fingerprint(_ body: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in range { hash = (hash ^ UInt64(body[index])) &* 0x100_0000_01B3 }
        return hash
    }

    mutating func setChoices(_ count: Int?) { choices = min(max(count ?? 1, 1), Self.maxChoices) }

    /// Whether an object's `type` says `json_object` or `json_schema`.
    static func asksForJSON(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) -> Bool {
        var isJSON = false
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "type"), let type = reader.readStringOrSkip(body) {
                isJSON = body.equals(type, "json_object") || body.equals(type, "json_schema")
            } else if !body.equals(key, "type") {
                reader.skipValue(body)
            }
        }
        return isJSON
    }

    /// The names of the tools in a list: beside their type, or inside `function` or `custom`.
    static func toolNames(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) -> Set<String> {
        var names: Set<String> = []
        reader.readArrayOrSkip(body) { _, reader in
            reader.readObjectOrSkip(body) { key, reader in
                if body.equals(key, "function") || body.equals(key, "custom") {
                    reader.readObjectOrSkip(body) { key, reader in
                        if let name = readName(body, key, &reader) { names.insert(name) }
                    }
                } else if let name = readName(body, key, &reader) {
                    names.insert(name)
                }
            }
        }
        return names
    }

    private static func readName(
        _ body: borrowing Span<UInt8>,
        _ key: JSONReader.StringToken,
        _ reader: inout JSONReader
    ) -> String? {
        if body.equals(key, "name") { return reader.text(body) }
        reader.skipValue(body)
        return nil
    }
}

extension WireFormat {
    /// Whether a request that does not say `stream` gets one.
    public var streamsByDefault: Bool { self == .ollamaChat || self == .ollamaGenerate }
}

/// How a request names turns that it does not carry, and the turns that it adds to them.
public struct ConversationThread: Sendable, Equatable {
    /// The response that the request goes on from.
    public var previousResponse: String?
    /// The conversation that the request belongs to.
    public var conversation: String?
    /// Whether later requests may go on from the response.
    public var isStored = true
    /// The turns in the request itself.
    public var steps: [Conversation.Step] = []
}

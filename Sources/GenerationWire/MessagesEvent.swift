import JSONBytes

/// What one payload of an Anthropic Messages stream says, as positions in it.
struct MessagesEvent {
    enum Kind {
        case messageStart, blockStart, blockDelta, blockStop, messageDelta, messageStop, ping, error, unknown
    }

    /// What a block holds, as far as it matters here.
    enum Block {
        case text, thinking
        /// The client runs it.
        case tool
        /// The engine runs it.
        case serverTool
        /// Results, redacted thinking, whatever comes.
        case other
    }

    /// What a delta adds to its block.
    enum Delta { case text, thinking, arguments, signature, other }

    var kind = Kind.unknown
    var index: Int?
    var indexRange = 0..<0
    var block = Block.other
    var delta = Delta.other
    /// The text of a delta, or what a block begins with.
    var text = JSONReader.StringToken.none
    var id: JSONReader.StringToken?
    var name: JSONReader.StringToken?
    var stopReason: JSONReader.StringToken?
    var inputTokens: Int?
    var outputTokens: Int?

    /// Reads a payload; `nil` when it is no JSON object.
    init?(_ payload: borrowing Span<UInt8>) {
        var event = MessagesEvent()
        var reader = JSONReader()
        guard reader.peek(payload) == .object else { return nil }
        reader.readObject(payload) { key, reader in
            if payload.equals(key, "type") {
                event.kind = reader.readStringOrSkip(payload).map { Self.kind(payload, $0) } ?? .unknown
            } else if payload.equals(key, "index") {
                let start = reader.position
                event.index = reader.readIntegerOrSkip(payload)
                event.indexRange = start..<reader.position
            } else if payload.equals(key, "delta") {
                event.readDelta(payload, &reader)
            } else if payload.equals(key, "content_block") {
                event.readBlock(payload, &reader)
            } else if payload.equals(key, "usage") {
                event.readUsage(payload, &reader)
            } else if payload.equals(key, "message") {
                reader.readObjectOrSkip(payload) { key, reader in
                    if payload.equals(key, "usage") {
                        event.readUsage(payload, &reader)
                    } else {
                        reader.skipValue(payload)
                    }
                }
            } else {
                reader.skipValue(payload)
            }
        }
        guard !reader.failed, reader.atEnd(payload) else { return nil }
        self = event
    }

    private init() {}

    private static func kind(_ payload: borrowing Span<UInt8>, _ type: JSONReader.StringToken) -> Kind {
        if payload.equals(type, "content_block_delta") { return .blockDelta }
        if payload.equals(type, "content_block_start") { return .blockStart }
        if payload.equals(type, "content_block_stop") { return .blockStop }
        if payload.equals(type, "message_start") { return .messageStart }
        if payload.equals(type, "message_delta") { return .messageDelta }
        if payload.equals(type, "message_stop") { return .messageStop }
        if payload.equals(type, "ping") { return .ping }
        return payload.equals(type, "error") ? .error : .unknown
    }

    private mutating func readDelta(_ payload: borrowing Span<UInt8>, _ reader: inout JSONReader) {
        var event = self
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, "text") {
                event.note(.text, reader.readStringOrSkip(payload))
            } else if payload.equals(key, "thinking") {
                event.note(.thinking, reader.readStringOrSkip(payload))
            } else if payload.equals(key, "partial_json") {
                event.note(.arguments, reader.readStringOrSkip(payload))
            } else if payload.equals(key, "signature") {
                event.note(.signature, reader.readStringOrSkip(payload))
            } else if payload.equals(key, "stop_reason") {
                event.stopReason = reader.readStringOrSkip(payload)
            } else {
                reader.skipValue(payload)
            }
        }
        self = event
    }

    private mutating func note(_ delta: Delta, _ text: JSONReader.StringToken?) {
        guard let text else { return }
        self.delta = delta
        self.text = text
    }

    private mutating func readBlock(_ payload: borrowing Span<UInt8>, _ reader: inout JSONReader) {
        var event = self
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, "type") {
                event.block = reader.readStringOrSkip(payload).map { Self.block(payload, $0) } ?? .other
            } else if payload.equals(key, "id") {
                event.id = reader.readStringOrSkip(payload)
            } else if payload.equals(key, "name") {
                event.name = reader.readStringOrSkip(payload)
            } else if payload.equals(key, "text") || payload.equals(key, "thinking") {
                event.text = reader.readStringOrSkip(payload) ?? event.text
            } else if payload.equals(key, "input") {
                // `{}` stands for arguments that come as deltas; a few engines send them whole.
                let input = reader.skipValue(payload)
                if input.count > 2 { event.text = .init(range: input, isEscaped: false) }
            } else {
                reader.skipValue(payload)
            }
        }
        self = event
    }

    private static func block(_ payload: borrowing Span<UInt8>, _ type: JSONReader.StringToken) -> Block {
        if payload.equals(type, "text") { return .text }
        if payload.equals(type, "thinking") { return .thinking }
        if payload.equals(type, "tool_use") { return .tool }
        return payload.equals(type, "server_tool_use") || payload.equals(type, "mcp_tool_use") ? .serverTool : .other
    }

    private mutating func readUsage(_ payload: borrowing Span<UInt8>, _ reader: inout JSONReader) {
        var event = self
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, "input_tokens") {
                event.inputTokens = reader.readIntegerOrSkip(payload)
            } else if payload.equals(key, "output_tokens") {
                event.outputTokens = reader.readIntegerOrSkip(payload)
            } else {
                reader.skipValue(payload)
            }
        }
        self = event
    }
}

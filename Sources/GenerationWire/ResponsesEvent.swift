import JSONBytes

/// What one payload of an OpenAI Responses stream says, as positions in it.
struct ResponsesEvent {
    enum Kind: Equatable {
        /// `response.created`, `.in_progress` and `.queued`.
        case began
        case itemAdded, itemDone
        /// A part of a message, of reasoning or of a summary.
        case partAdded, partDone
        case textDelta(Part)
        case textDone(Part)
        case callDelta, callDone
        /// `response.completed`, `.incomplete` and `.failed`.
        case finished
        case error
        /// Known, and without text.
        case other
        case unknown
    }

    /// The parts that text comes in, by their type.
    enum Part: String {
        case text = "output_text"
        case refusal
        case reasoning = "reasoning_text"
        case summary = "summary_text"

        var isReasoning: Bool { self == .reasoning || self == .summary }
        /// The member of the item that lists such parts.
        var list: String { self == .summary ? "summary" : "content" }
        /// What the types of its events begin with.
        var event: String { self == .summary ? "response.reasoning_summary_text" : "response.\(rawValue)" }
    }

    var kind = Kind.unknown
    var sequence: Int?
    var sequenceRange = 0..<0
    var outputIndex: Int?
    var outputIndexRange = 0..<0
    /// `content_index` or `summary_index`.
    var partIndex: Int?
    var itemID: JSONReader.StringToken?
    /// A delta, or the whole text of what is done.
    var text = JSONReader.StringToken.none
    var item: Range<Int>?
    var part: Range<Int>?
    var response: Range<Int>?
    /// llama.cpp's `timings`, which it puts on any event when asked.
    var timings: Usage?

    /// Reads a payload; `nil` when it is no JSON object.
    init?(_ payload: borrowing Span<UInt8>) {
        var event = ResponsesEvent()
        var type = JSONReader.StringToken.none
        var reader = JSONReader()
        guard reader.peek(payload) == .object else { return nil }
        reader.readObject(payload) { key, reader in
            if payload.equals(key, "type") {
                type = reader.readStringOrSkip(payload) ?? type
            } else if payload.equals(key, "delta") || payload.equals(key, "text") || payload.equals(key, "arguments")
                || payload.equals(key, "input") || payload.equals(key, "refusal") || payload.equals(key, "code")
            {
                event.text = reader.readStringOrSkip(payload) ?? event.text
            } else if payload.equals(key, "sequence_number") {
                let start = reader.position
                event.sequence = reader.readIntegerOrSkip(payload)
                event.sequenceRange = start..<reader.position
            } else if payload.equals(key, "output_index") {
                let start = reader.position
                event.outputIndex = reader.readIntegerOrSkip(payload)
                event.outputIndexRange = start..<reader.position
            } else if payload.equals(key, "content_index") || payload.equals(key, "summary_index") {
                event.partIndex = reader.readIntegerOrSkip(payload)
            } else if payload.equals(key, "item_id") {
                event.itemID = reader.readStringOrSkip(payload)
            } else if payload.equals(key, "item") {
                event.item = reader.skipValue(payload)
            } else if payload.equals(key, "part") {
                event.part = reader.skipValue(payload)
            } else if payload.equals(key, "response") {
                event.response = reader.skipValue(payload)
            } else if payload.equals(key, "timings") {
                event.timings = Usage(llamaTimings: payload, &reader)
            } else {
                reader.skipValue(payload)
            }
        }
        guard !reader.failed, reader.atEnd(payload) else { return nil }
        event.kind = Self.kind(payload, type)
        self = event
    }

    private init() {}

    private static func kind(_ payload: borrowing Span<UInt8>, _ type: JSONReader.StringToken) -> Kind {
        for (name, kind) in kinds where payload.equals(type, name) { return kind }
        let isOther = others.contains { name in
            let length = name.utf8CodeUnitCount
            return type.range.count >= length
                && payload.equals(type.range.lowerBound..<type.range.lowerBound + length, name)
        }
        return isOther ? .other : .unknown
    }

    /// The types by name, the commonest first.
    private static let kinds: [(StaticString, Kind)] = [
        ("response.output_text.delta", .textDelta(.text)),
        ("response.reasoning_text.delta", .textDelta(.reasoning)),
        ("response.reasoning_summary_text.delta", .textDelta(.summary)),
        ("response.function_call_arguments.delta", .callDelta),
        ("response.custom_tool_call_input.delta", .callDelta),
        ("response.mcp_call_arguments.delta", .callDelta),
        ("response.code_interpreter_call_code.delta", .callDelta),
        ("response.refusal.delta", .textDelta(.refusal)),
        ("response.output_item.added", .itemAdded),
        ("response.output_item.done", .itemDone),
        ("response.content_part.added", .partAdded),
        ("response.content_part.done", .partDone),
        ("response.reasoning_summary_part.added", .partAdded),
        ("response.reasoning_summary_part.done", .partDone),
        ("response.output_text.done", .textDone(.text)),
        ("response.reasoning_text.done", .textDone(.reasoning)),
        ("response.reasoning_summary_text.done", .textDone(.summary)),
        ("response.refusal.done", .textDone(.refusal)),
        ("response.function_call_arguments.done", .callDone),
        ("response.custom_tool_call_input.done", .callDone),
        ("response.mcp_call_arguments.done", .callDone),
        ("response.code_interpreter_call_code.done", .callDone),
        ("response.created", .began),
        ("response.in_progress", .began),
        ("response.queued", .began),
        ("response.completed", .finished),
        ("response.incomplete", .finished),
        ("response.failed", .finished),
        ("error", .error),
    ]

    /// What the types of events without text begin with.
    private static let others: [StaticString] = [
        "response.output_text.annotation", "response.web_search_call.", "response.file_search_call.",
        "response.code_interpreter_call.", "response.image_generation_call.", "response.mcp_", "response.shell_call",
        "response.apply_patch_call", "response.audio.", "response.heartbeat", "keepalive", "ping",
    ]
}

/// An item of a response's output: a message, reasoning, a call.
struct ResponsesItem {
    enum Kind: Equatable {
        case message, reasoning
        case call(WireEvent.Tool)
        case other
    }

    var kind = Kind.other
    var type = JSONReader.StringToken.none
    /// `id`, or `call_id` where the engine gives no other.
    var id: JSONReader.StringToken?
    var name: JSONReader.StringToken?
    /// Arguments, input, or the action of a tool that has no arguments.
    var arguments = JSONReader.StringToken.none
    /// The texts of its parts and whether they are reasoning.
    var texts: [(text: JSONReader.StringToken, isReasoning: Bool)] = []

    init(_ payload: borrowing Span<UInt8>, at range: Range<Int>) {
        var item = ResponsesItem()
        var callID: JSONReader.StringToken?
        var reader = JSONReader(at: range.lowerBound)
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, "type") {
                item.type = reader.readStringOrSkip(payload) ?? .none
            } else if payload.equals(key, "id") {
                item.id = reader.readStringOrSkip(payload)
            } else if payload.equals(key, "call_id") {
                callID = reader.readStringOrSkip(payload)
            } else if payload.equals(key, "name") {
                item.name = reader.readStringOrSkip(payload)
            } else if payload.equals(key, "arguments") || payload.equals(key, "input") || payload.equals(key, "code") {
                item.arguments = reader.readStringOrSkip(payload) ?? item.arguments
            } else if payload.equals(key, "action") || payload.equals(key, "operation") {
                item.arguments = .init(range: reader.skipValue(payload), isEscaped: false)
            } else if payload.equals(key, "content") {
                item.readParts(payload, &reader)
            } else if payload.equals(key, "summary") {
                item.readParts(payload, &reader)
            } else {
                reader.skipValue(payload)
            }
        }
        item.id = item.id ?? callID
        item.kind = Self.kind(payload, item.type)
        if case .call = item.kind, item.name == nil { item.name = item.type }
        for place in item.texts.indices where item.kind == .reasoning { item.texts[place].isReasoning = true }
        self = item
    }

    private init() {}

    private mutating func readParts(_ payload: borrowing Span<UInt8>, _ reader: inout JSONReader) {
        var item = self
        reader.readArrayOrSkip(payload) { _, reader in
            reader.readObjectOrSkip(payload) { key, reader in
                if payload.equals(key, "text") || payload.equals(key, "refusal") {
                    guard let text = reader.readStringOrSkip(payload), !text.range.isEmpty else { return }
                    item.texts.append((text, false))
                } else {
                    reader.skipValue(payload)
                }
            }
        }
        self = item
    }

    private static func kind(_ payload: borrowing Span<UInt8>, _ type: JSONReader.StringToken) -> Kind {
        for (name, kind) in kinds where payload.equals(type, name) { return kind }
        return .other
    }

    private static let kinds: [(StaticString, Kind)] = [
        ("message", .message),
        ("reasoning", .reasoning),
        ("function_call", .call(.function)),
        ("custom_tool_call", .call(.custom)),
        // Their action is told whole, when they are done.
        ("local_shell_call", .call(.custom)),
        ("shell_call", .call(.custom)),
        ("apply_patch_call", .call(.custom)),
        ("computer_call", .call(.custom)),
        ("mcp_call", .call(.server)),
        ("web_search_call", .call(.server)),
        ("file_search_call", .call(.server)),
        ("code_interpreter_call", .call(.server)),
    ]
}

import JSONBytes

/// OpenAI chat completions, `chat.completion.chunk`, in the dialects that engines speak.
///
/// Reasoning is read from `reasoning_content` (DeepSeek, llama.cpp, Qwen), `reasoning` (vLLM, Ollama, OpenRouter),
/// `reasoning_details` where neither is there, and from typed parts of `content` (Mistral). A refusal is visible text.
public struct ChatCompletions: StreamFormat {
    private var stream: OpenAIStream
    /// Token counts, as far as the engine has told them.
    public var usage: Usage? { stream.usage }
    public var hasChoices: Bool { true }
    public var givesUsageOnRequest: Bool { true }

    /// Creates the format for one response.
    /// - Parameters:
    ///   - id: The id for chunks when the engine has sent none yet.
    ///   - created: Their time in Unix seconds.
    ///   - model: Their model.
    public init(id: String, created: Int, model: String) {
        let head = ChunkHead(id: id, created: created, model: model)
        stream = OpenAIStream(object: "chat.completion.chunk", head: head)
    }

    // MARK: - Reading

    public mutating func read(_ payload: borrowing Span<UInt8>, into events: inout [WireEvent]) -> PayloadKind {
        stream.read(payload, into: &events) { index, reader, events in
            Self.readChoice(payload, &reader, at: index, into: &events)
        }
    }

    private static func readChoice(
        _ payload: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        at position: Int,
        into events: inout [WireEvent]
    ) {
        let first = events.count
        var index = position
        var finish: JSONReader.StringToken?
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, "delta") {
                readDelta(payload, &reader, into: &events)
            } else if payload.equals(key, "index") {
                index = reader.readIntegerOrSkip(payload) ?? index
            } else if payload.equals(key, "finish_reason") {
                finish = reader.readStringOrSkip(payload)
            } else {
                reader.skipValue(payload)
            }
        }
        if let finish, !finish.range.isEmpty { events.append(WireEvent(.finish, choice: index, text: finish)) }
        for event in events.indices[first...] { events[event].choice = index }
    }

    private static func readDelta(
        _ payload: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        into events: inout [WireEvent]
    ) {
        // Engines that send the same reasoning under two names would feed the detectors everything twice.
        var hasReasoning = false
        var details: Range<Int>?
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, "content") {
                readContent(payload, &reader, as: .content, into: &events)
            } else if payload.equals(key, "role") {
                reader.skipValue(payload)
                events.append(WireEvent(.role, choice: 0))
            } else if payload.equals(key, "reasoning_content") || payload.equals(key, "reasoning") {
                guard let token = reader.readStringOrSkip(payload), !token.range.isEmpty, !hasReasoning else { return }
                hasReasoning = true
                events.append(WireEvent(.reasoning, choice: 0, text: token))
            } else if payload.equals(key, "reasoning_details") {
                details = reader.skipValue(payload)
            } else if payload.equals(key, "tool_calls") {
                readToolCalls(payload, &reader, into: &events)
            } else if payload.equals(key, "function_call") {
                readLegacyCall(payload, &reader, into: &events)
            } else if payload.equals(key, "refusal") {
                readContent(payload, &reader, as: .content, into: &events)
            } else {
                reader.skipValue(payload)
            }
        }
        if let details, !hasReasoning {
            var detailReader = JSONReader(at: details.lowerBound)
            readContent(payload, &detailReader, as: .reasoning, into: &events)
        }
    }

    /// Reads text that is a string or a list of typed parts, which may hold lists themselves.
    private static func readContent(
        _ payload: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        as kind: WireEvent.Kind,
        into events: inout [WireEvent]
    ) {
        switch reader.peek(payload) {
        case .string:
            if let token = reader.readString(payload), !token.range.isEmpty {
                events.append(WireEvent(kind, choice: 0, text: token))
            }
        case .array:
            reader.readArrayOrSkip(payload) { _, reader in readPart(payload, &reader, as: kind, into: &events) }
        default:
            reader.skipValue(payload)
        }
    }

    private static func readPart(
        _ payload: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        as kind: WireEvent.Kind,
        into events: inout [WireEvent]
    ) {
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, "text") || payload.equals(key, "summary") {
                readContent(payload, &reader, as: kind, into: &events)
            } else if payload.equals(key, "thinking") {
                readContent(payload, &reader, as: .reasoning, into: &events)
            } else {
                reader.skipValue(payload)
            }
        }
    }

    private static func readToolCalls(
        _ payload: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        into events: inout [WireEvent]
    ) {
        reader.readArrayOrSkip(payload) { _, reader in
            var event = WireEvent(.toolCall, choice: 0)
            reader.readObjectOrSkip(payload) { key, reader in
                if payload.equals(key, "index") {
                    event.call = reader.readIntegerOrSkip(payload)
                } else if payload.equals(key, "id") {
                    event.id = reader.readStringOrSkip(payload)
                } else if payload.equals(key, "function") || payload.equals(key, "custom") {
                    readFunction(payload, &reader, into: &event)
                } else {
                    reader.skipValue(payload)
                }
            }
            events.append(event)
        }
    }

    /// The call of the time before `tool_calls`: one per response, without id or index.
    private static func readLegacyCall(
        _ payload: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        into events: inout [WireEvent]
    ) {
        var event = WireEvent(.toolCall, choice: 0)
        event.call = -1
        readFunction(payload, &reader, into: &event)
        events.append(event)
    }

    private static func readFunction(
        _ payload: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        into event: inout WireEvent
    ) {
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, "name") {
                event.name = reader.readStringOrSkip(payload)
            } else if payload.equals(key, "arguments") || payload.equals(key, "input") {
                // A few engines send the arguments as an object: its text is the arguments.
                if reader.peek(payload) == .object {
                    event.text = .init(range: reader.skipValue(payload), isEscaped: false)
                } else if let token = reader.readStringOrSkip(payload) {
                    event.text = token
                }
            } else {
                reader.skipValue(payload)
            }
        }
    }

    // MARK: - Ending

    public func ending(of choice: ChoiceProgress, because cause: EndingCause) -> [UInt8] {
        var output: [UInt8] = []
        if !choice.hasRole {
            write(choice.index, into: &output) { $0.append(contentsOf: #"{"role":"assistant","content":""}"#.utf8) }
        }
        if let note = cause.note, !choice.hasVisibleText {
            write(choice.index, into: &output) { output in
                output.append(contentsOf: #"{"content":"#.utf8)
                JSONString.encode(choice.isInsideThink ? "</think>\n\n" + note : note, into: &output)
                output.append(UInt8(ascii: "}"))
            }
        }
        stream.writeFinish(#""index":\#(choice.index),"delta":{}"#, because: cause, into: &output)
        return output
    }

    public func closing(usage: Usage?, because cause: EndingCause?) -> [UInt8] {
        stream.closing(usage: usage)
    }

    public func failure(_ message: String) -> [UInt8] { OpenAIStream.failure(message) }

    /// A chunk whose delta is empty. Before the engine's first chunk there is no id that it could have.
    public func keepAlive() -> [UInt8]? {
        guard stream.head.isSeen else { return nil }
        var output: [UInt8] = []
        write(0, into: &output) { $0.append(contentsOf: "{}".utf8) }
        return output
    }

    private func write(_ choice: Int, into output: inout [UInt8], delta: (inout [UInt8]) -> Void) {
        stream.write(into: &output) { output in
            output.append(contentsOf: #""choices":[{"index":\#(choice),"delta":"#.utf8)
            delta(&output)
            output.append(contentsOf: #","logprobs":null,"finish_reason":null}]"#.utf8)
        }
    }
}

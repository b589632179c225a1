import JSONBytes

/// OpenAI's older `/v1/completions`, `text_completion` chunks.
///
/// Its text goes into documents and editors, not into conversations, so an ending never adds a note.
public struct Completions: StreamFormat {
    private var stream: OpenAIStream
    /// Token counts, as far as the engine has told them.
    public var usage: Usage? { stream.usage }
    public var hasChoices: Bool { true }
    public var givesUsageOnRequest: Bool { true }

    /// Creates the format for one response; the values are used when the engine has sent no chunk yet.
    public init(id: String, created: Int, model: String) {
        let head = ChunkHead(id: id, created: created, model: model)
        stream = OpenAIStream(object: "text_completion", head: head)
    }

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
        var index = position
        var text: JSONReader.StringToken?
        var finish: JSONReader.StringToken?
        reader.readObject(payload) { key, reader in
            if payload.equals(key, "text") {
                text = reader.readStringOrSkip(payload)
            } else if payload.equals(key, "index") {
                index = reader.readIntegerOrSkip(payload) ?? index
            } else if payload.equals(key, "finish_reason") {
                finish = reader.readStringOrSkip(payload)
            } else {
                reader.skipValue(payload)
            }
        }
        if let text, !text.range.isEmpty { events.append(WireEvent(.content, choice: index, text: text)) }
        if let finish, !finish.range.isEmpty { events.append(WireEvent(.finish, choice: index, text: finish)) }
    }

    public func ending(of choice: ChoiceProgress, because cause: EndingCause) -> [UInt8] {
        var output: [UInt8] = []
        stream.writeFinish(#""text":"","index":\#(choice.index)"#, because: cause, into: &output)
        return output
    }

    public func closing(usage: Usage?, because cause: EndingCause?) -> [UInt8] { stream.closing(usage: usage) }

    public func failure(_ message: String) -> [UInt8] { OpenAIStream.failure(message) }
}

/// Puts the answer to one request together from the payloads of its stream: what the engine would have answered had it
/// not been asked for a stream.
///
/// An aggregate reads what a streaming client would have been sent, endings included. It invents nothing: what the
/// stream does not say is not in the answer.
protocol ResponseAggregate: Sendable {
    /// Takes the payload of one event.
    mutating func receive(_ payload: borrowing Span<UInt8>)

    /// What ends the stream as a fault, as the body of an error in the client's format; `nil` while there is none.
    var failure: [UInt8]? { get }

    /// About how many bytes of memory the answer takes so far.
    var size: Int { get }

    /// Cuts the text of a choice's channel.
    mutating func cut(_ channel: TextChannel, ofChoice choice: Int, _ cut: TextCut)

    /// The body of the answer; `nil` when the stream held none, or broke off before its end.
    mutating func finish() -> [UInt8]?
}

/// The two kinds of text in an answer.
public enum TextChannel: Sendable {
    /// What the reader sees.
    case content
    /// What the model thought.
    case reasoning
}

extension WireFormat {
    /// An aggregate for the answer to a request.
    func makeAggregate(for request: GenerationRequest) -> any ResponseAggregate {
        switch self {
        case .chatCompletions: OpenAIAggregate(.chat)
        case .completions: OpenAIAggregate(.completions)
        case .responses: ResponsesAggregate()
        case .messages: MessagesAggregate()
        case .ollamaChat: OllamaAggregate(text: "message")
        case .ollamaGenerate: OllamaAggregate(text: "response")
        case .llamaCompletion: LlamaAggregate(returnsTokens: request.returnsTokens)
        }
    }
}

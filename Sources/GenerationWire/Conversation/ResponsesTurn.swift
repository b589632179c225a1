import JSONBytes

/// What a response adds to its conversation (OpenAI Responses).
public struct ResponsesTurn: Sendable, Equatable {
    /// The response's id, which later requests name.
    public var id: String
    /// The calls and messages in its output.
    public var steps: [Conversation.Step] = []

    /// Reads the body of a response; `nil` when it names no id.
    public init?(_ body: borrowing Span<UInt8>) {
        var id: String?
        var steps: [Conversation.Step] = []
        var reader = JSONReader()
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "id") {
                id = reader.text(body)
            } else if body.equals(key, "output") {
                let output = reader.skipValue(body)
                steps = ResponsesConversation.steps(body, in: output)
            } else {
                reader.skipValue(body)
            }
        }
        guard let id, !id.isEmpty, !reader.failed else { return nil }
        self.id = id
        self.steps = steps
    }
}

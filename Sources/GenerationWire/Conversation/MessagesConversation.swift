import JSONBytes

/// The turns of an Anthropic request, from its `messages`.
///
/// Calls are `tool_use` blocks of the assistant, results `tool_result` blocks of the user, paired by `tool_use_id`. A
/// user message that carries results is none of a person's, whatever text stands beside them: agents put reminders
/// there.
enum MessagesConversation {
    static func steps(_ body: borrowing Span<UInt8>, in messages: Range<Int>) -> [Conversation.Step] {
        var steps: [Conversation.Step] = []
        var reader = JSONReader(at: messages.lowerBound)
        reader.readArrayOrSkip(body) { index, reader in
            var role = ""
            var blocks: [Conversation.Step] = []
            reader.readObjectOrSkip(body) { key, reader in
                if body.equals(key, "role") {
                    role = reader.text(body) ?? ""
                } else if body.equals(key, "content"), reader.peek(body) == .array {
                    reader.readArray(body) { _, reader in
                        if let block = block(body, &reader, message: index) { blocks.append(block) }
                    }
                } else {
                    reader.skipValue(body)
                }
            }
            if role == "assistant" {
                steps.append(.assistant)
            } else if role == "user", blocks.isEmpty {
                steps.append(.user)
            }
            steps.append(contentsOf: blocks)
        }
        return steps
    }

    /// A block that is a call or a result.
    private static func block(
        _ body: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        message: Int
    ) -> Conversation.Step? {
        var type = ""
        var id = ""
        var name = ""
        var input: [UInt8] = []
        var result = Conversation.PastResult(text: [], message: message)
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "type") {
                type = reader.text(body) ?? ""
            } else if body.equals(key, "id") || body.equals(key, "tool_use_id") {
                id = reader.text(body) ?? ""
            } else if body.equals(key, "name") {
                name = reader.text(body) ?? ""
            } else if body.equals(key, "input") {
                input = reader.arguments(body)
            } else if body.equals(key, "content") {
                ResultText.read(body, &reader, into: &result.text)
            } else if body.equals(key, "is_error") {
                result.isError = reader.readBoolOrSkip(body)
            } else {
                reader.skipValue(body)
            }
        }
        switch type {
        case "tool_use": return .call(id: id, name: name, arguments: input)
        case "tool_result": return .result(id: id, name: nil, result)
        default: return nil
        }
    }
}

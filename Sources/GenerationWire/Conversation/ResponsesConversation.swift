import JSONBytes

/// The turns of an OpenAI Responses request, from its `input`, and of a response, from the items of its `output`.
///
/// Calls and results are items of one flat list, paired by `call_id`. Calls that follow each other with no result between
/// them were made in parallel.
enum ResponsesConversation {
    static func steps(_ body: borrowing Span<UInt8>, in input: Range<Int>) -> [Conversation.Step] {
        var reader = JSONReader(at: input.lowerBound)
        guard reader.peek(body) == .array else { return reader.peek(body) == .string ? [.user] : [] }
        var steps: [Conversation.Step] = []
        reader.readArray(body) { index, reader in
            if let step = step(body, &reader, at: index) { steps.append(step) }
        }
        return steps
    }

    /// What one item tells; `nil` when it tells nothing of calls and turns.
    private static func step(
        _ body: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        at index: Int
    ) -> Conversation.Step? {
        var type = "message"
        var role = ""
        var id = ""
        var name: String?
        var arguments: [UInt8] = []
        var result = Conversation.PastResult(text: [], message: index)
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "type") {
                type = reader.text(body) ?? ""
            } else if body.equals(key, "role") {
                role = reader.text(body) ?? ""
            } else if body.equals(key, "call_id") {
                id = reader.text(body) ?? ""
            } else if body.equals(key, "name") {
                name = reader.text(body)
            } else if body.equals(key, "arguments") || body.equals(key, "input") || body.equals(key, "action") {
                arguments = reader.arguments(body)
            } else if body.equals(key, "output") {
                ResultText.read(body, &reader, into: &result.text)
            } else if body.equals(key, "status"), let status = reader.readStringOrSkip(body) {
                // An output that is `incomplete` is a tool that failed to come to its end.
                if body.equals(status, "incomplete") || body.equals(status, "failed") { result.isError = true }
            } else if !body.equals(key, "status") {
                reader.skipValue(body)
            }
        }
        switch type {
        case "message" where role == "user": return .user
        case "message" where role == "assistant": return .assistant
        case "function_call", "custom_tool_call": return .call(id: id, name: name ?? "", arguments: arguments)
        case "local_shell_call", "shell_call", "apply_patch_call", "computer_call":
            // These tools have no name of their own in the item.
            return .call(id: id, name: String(type.dropLast("_call".count)), arguments: arguments)
        default:
            return type.hasSuffix("_call_output") ? .result(id: id, name: nil, result) : nil
        }
    }
}

import JSONBytes

/// The turns of an Ollama chat request, from its `messages`.
///
/// Calls have no ids and arguments that are objects. A result names its tool (`tool_name`) at most; parallel results
/// come in the order of the calls.
enum OllamaConversation {
    static func steps(_ body: borrowing Span<UInt8>, in messages: Range<Int>) -> [Conversation.Step] {
        var steps: [Conversation.Step] = []
        var reader = JSONReader(at: messages.lowerBound)
        reader.readArrayOrSkip(body) { index, reader in
            var role = ""
            var name: String?
            var calls: [Conversation.Step] = []
            var result = Conversation.PastResult(text: [], message: index)
            reader.readObjectOrSkip(body) { key, reader in
                if body.equals(key, "role") {
                    role = reader.text(body) ?? ""
                } else if body.equals(key, "tool_name") || body.equals(key, "name") {
                    name = reader.text(body)
                } else if body.equals(key, "content") || body.equals(key, "images") {
                    ResultText.read(body, &reader, into: &result.text)
                } else if body.equals(key, "tool_calls") {
                    reader.readArrayOrSkip(body) { _, reader in
                        reader.readObjectOrSkip(body) { key, reader in
                            if body.equals(key, "function") {
                                calls.append(call(body, &reader))
                            } else {
                                reader.skipValue(body)
                            }
                        }
                    }
                } else {
                    reader.skipValue(body)
                }
            }
            switch role {
            case "user": steps.append(.user)
            case "assistant":
                steps.append(.assistant)
                steps.append(contentsOf: calls)
            case "tool": steps.append(.result(id: nil, name: name.flatMap { $0.isEmpty ? nil : $0 }, result))
            default: break
            }
        }
        return steps
    }

    private static func call(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) -> Conversation.Step {
        var name = ""
        var arguments: [UInt8] = []
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "name") {
                name = reader.text(body) ?? ""
            } else if body.equals(key, "arguments") {
                arguments = reader.arguments(body)
            } else {
                reader.skipValue(body)
            }
        }
        return .call(id: "", name: name, arguments: arguments)
    }
}

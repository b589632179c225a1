import JSONBytes

/// The turns of an OpenAI chat request, from its `messages`.
///
/// Results are paired with calls by `tool_call_id`; a result of the time before ids (`role: function`) belongs to the
/// call of that name. A result may be a string or a list of parts. The format has no error flag: only the text tells.
enum ChatConversation {
    static func steps(_ body: borrowing Span<UInt8>, in messages: Range<Int>) -> [Conversation.Step] {
        var steps: [Conversation.Step] = []
        var reader = JSONReader(at: messages.lowerBound)
        reader.readArrayOrSkip(body) { index, reader in
            let message = Message(body, &reader)
            switch message.role {
            case "user": steps.append(.user)
            case "assistant":
                steps.append(.assistant)
                steps.append(contentsOf: message.calls)
            case "tool", "function":
                let result = Conversation.PastResult(text: message.text, message: index)
                steps.append(.result(id: message.callID, name: message.name ?? "", result))
            default: break
            }
        }
        return steps
    }

    /// One element of `messages`, as far as it matters here.
    private struct Message {
        var role = ""
        var name: String?
        var callID: String?
        var text: [UInt8] = []
        var calls: [Conversation.Step] = []

        init(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) {
            var message = Message()
            reader.readObjectOrSkip(body) { key, reader in
                if body.equals(key, "role") {
                    message.role = reader.text(body) ?? ""
                } else if body.equals(key, "name") {
                    message.name = reader.text(body)
                } else if body.equals(key, "tool_call_id") {
                    message.callID = reader.text(body)
                } else if body.equals(key, "content") {
                    ResultText.read(body, &reader, into: &message.text)
                } else if body.equals(key, "tool_calls") {
                    reader.readArrayOrSkip(body) { _, reader in message.readCall(body, &reader) }
                } else if body.equals(key, "function_call") {
                    let (name, arguments) = Self.readFunction(body, &reader)
                    if !name.isEmpty { message.calls.append(.call(id: "", name: name, arguments: arguments)) }
                } else {
                    reader.skipValue(body)
                }
            }
            self = message
        }

        private init() {}

        private mutating func readCall(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) {
            var id = ""
            var function: (name: String, arguments: [UInt8]) = ("", [])
            reader.readObjectOrSkip(body) { key, reader in
                if body.equals(key, "id") {
                    id = reader.text(body) ?? ""
                } else if body.equals(key, "function") || body.equals(key, "custom") {
                    function = Self.readFunction(body, &reader)
                } else {
                    reader.skipValue(body)
                }
            }
            calls.append(.call(id: id, name: function.name, arguments: function.arguments))
        }

        private static func readFunction(
            _ body: borrowing Span<UInt8>,
            _ reader: inout JSONReader
        ) -> (name: String, arguments: [UInt8]) {
            var name = ""
            var arguments: [UInt8] = []
            reader.readObjectOrSkip(body) { key, reader in
                if body.equals(key, "name") {
                    name = reader.text(body) ?? ""
                } else if body.equals(key, "arguments") || body.equals(key, "input") {
                    arguments = reader.arguments(body)
                } else {
                    reader.skipValue(body)
                }
            }
            return (name, arguments)
        }
    }
}

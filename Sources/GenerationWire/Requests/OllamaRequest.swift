import JSONBytes

extension GenerationRequest {
    /// Reads a request for Ollama's `/api/chat` or `/api/generate`.
    mutating func readOllama(_ body: borrowing Span<UInt8>) -> Bool {
        var messages: Range<Int>?
        var tools: Set<String> = []
        let isRead = readMembers(body) { key, reader, facts in
            if body.equals(key, "messages") {
                messages = reader.skipValue(body)
            } else if body.equals(key, "tools") {
                tools = Self.toolNames(body, &reader)
            } else if body.equals(key, "format") {
                // `"json"` or a schema; an empty string is as good as nothing.
                switch reader.peek(body) {
                case .string: facts.jsonOutput = reader.text(body)?.isEmpty == false
                case .object:
                    facts.jsonOutput = true
                    reader.skipValue(body)
                default: reader.skipValue(body)
                }
            } else {
                reader.skipValue(body)
            }
        }
        guard isRead else { return false }
        includeUsage = true
        if let messages { setConversation(OllamaConversation.steps(body, in: messages), body, messages) }
        conversation.offeredTools = tools
        return true
    }
}

import JSONBytes

extension GenerationRequest {
    /// Reads a request for Anthropic messages.
    mutating func readMessages(_ body: borrowing Span<UInt8>) -> Bool {
        var messages: Range<Int>?
        var tools: Set<String> = []
        let isRead = readMembers(body) { key, reader, facts in
            if body.equals(key, "messages") {
                messages = reader.skipValue(body)
            } else if body.equals(key, "tools") {
                tools = Self.toolNames(body, &reader)
            } else if body.equals(key, "output_format") {
                facts.jsonOutput = Self.asksForJSON(body, &reader)
            } else if body.equals(key, "output_config") {
                reader.readObjectOrSkip(body) { key, reader in
                    if body.equals(key, "format") {
                        facts.jsonOutput = Self.asksForJSON(body, &reader)
                    } else {
                        reader.skipValue(body)
                    }
                }
            } else {
                reader.skipValue(body)
            }
        }
        guard isRead else { return false }
        includeUsage = true
        if let messages { setConversation(MessagesConversation.steps(body, in: messages), body, messages) }
        conversation.offeredTools = tools
        return true
    }
}

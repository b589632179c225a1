import JSONBytes

extension GenerationRequest {
    /// Reads a request for OpenAI Responses.
    mutating func readResponses(_ body: borrowing Span<UInt8>) -> Bool {
        var thread = ConversationThread()
        var input: Range<Int>?
        var tools: Set<String> = []
        let isRead = readMembers(body) { key, reader, facts in
            if body.equals(key, "input") {
                input = reader.skipValue(body)
            } else if body.equals(key, "previous_response_id") {
                thread.previousResponse = reader.text(body)
            } else if body.equals(key, "conversation") {
                thread.conversation = Self.conversationID(body, &reader)
            } else if body.equals(key, "store") {
                thread.isStored = reader.readBoolOrSkip(body) ?? true
            } else if body.equals(key, "text") {
                reader.readObjectOrSkip(body) { key, reader in
                    if body.equals(key, "format") {
                        facts.jsonOutput = Self.asksForJSON(body, &reader)
                    } else {
                        reader.skipValue(body)
                    }
                }
            } else if body.equals(key, "tools") {
                tools = Self.toolNames(body, &reader)
            } else if body.equals(key, "background") {
                // The answer is a ticket, not a generation.
                if reader.readBoolOrSkip(body) == true { facts.refusesStreaming = true }
            } else {
                reader.skipValue(body)
            }
        }
        guard isRead else { return false }
        // A Responses stream carries usage in its last event, asked for or not.
        includeUsage = true
        if let input {
            thread.steps = ResponsesConversation.steps(body, in: input)
            setConversation(thread.steps, body, input)
        }
        conversation.offeredTools = tools
        self.thread = thread
        return true
    }

    /// A conversation is named by its id or by an object that holds it.
    private static func conversationID(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) -> String? {
        if reader.peek(body) == .string { return reader.text(body) }
        var id: String?
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "id") { id = reader.text(body) } else { reader.skipValue(body) }
        }
        return id
    }
}

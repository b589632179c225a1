import JSONBytes

extension GenerationRequest {
    /// Reads a request for chat completions or completions, in OpenAI's form and its dialects.
    mutating func readOpenAI(_ body: borrowing Span<UInt8>) -> Bool {
        var messages: Range<Int>?
        var tools: Set<String> = []
        var prompts = 1
        let isRead = readMembers(body) { key, reader, facts in
            if body.equals(key, "n") {
                facts.setChoices(reader.readIntegerOrSkip(body))
            } else if body.equals(key, "stream_options") {
                facts.includeUsage = Self.includesUsage(body, &reader)
            } else if body.equals(key, "response_format") {
                let asksForJSON = Self.asksForJSON(body, &reader)
                facts.jsonOutput = facts.jsonOutput || asksForJSON
            } else if body.equals(key, "json_schema") || body.equals(key, "guided_json") {
                facts.jsonOutput = facts.jsonOutput || reader.peek(body) != .null
                reader.skipValue(body)
            } else if body.equals(key, "messages") {
                messages = reader.skipValue(body)
            } else if body.equals(key, "prompt") {
                prompts = Self.promptCount(body, &reader)
            } else if body.equals(key, "tools") || body.equals(key, "functions") {
                tools.formUnion(Self.toolNames(body, &reader))
            } else if body.equals(key, "best_of") {
                if (reader.readIntegerOrSkip(body) ?? 1) > 1 { facts.refusesStreaming = true }
            } else if body.equals(key, "echo") || body.equals(key, "use_beam_search") {
                if reader.readBoolOrSkip(body) == true { facts.refusesStreaming = true }
            } else {
                reader.skipValue(body)
            }
        }
        guard isRead else { return false }
        if format == .chatCompletions {
            if let messages { setConversation(ChatConversation.steps(body, in: messages), body, messages) }
            conversation.offeredTools = tools
        } else {
            setChoices(choices.multipliedReportingOverflow(by: prompts).partialValue)
        }
        return true
    }

    private static func includesUsage(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) -> Bool {
        var include = false
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "include_usage") {
                include = reader.readBoolOrSkip(body) ?? false
            } else {
                reader.skipValue(body)
            }
        }
        return include
    }

    /// How many prompts a completion is asked for: a list of texts or of lists of tokens is several.
    static func promptCount(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) -> Int {
        var count = 0
        reader.readArrayOrSkip(body) { _, reader in
            if reader.peek(body) != .number { count += 1 }
            reader.skipValue(body)
        }
        return max(count, 1)
    }
}

import JSONBytes

extension GenerationRequest {
    /// Reads a request for llama.cpp's own `/completion` or `/infill`.
    mutating func readLlama(_ body: borrowing Span<UInt8>) -> Bool {
        var prompts = 1
        let isRead = readMembers(body) { key, reader, facts in
            if body.equals(key, "prompt") {
                prompts = Self.promptCount(body, &reader)
            } else if body.equals(key, "json_schema") || body.equals(key, "grammar") {
                // A grammar is asked for where text must have a form: a note would break it.
                switch reader.peek(body) {
                case .string: facts.jsonOutput = facts.jsonOutput || reader.text(body)?.isEmpty == false
                case .object:
                    facts.jsonOutput = true
                    reader.skipValue(body)
                default: reader.skipValue(body)
                }
            } else if body.equals(key, "n_cmpl") || body.equals(key, "n") {
                if (reader.readIntegerOrSkip(body) ?? 1) > 1 { facts.refusesStreaming = true }
            } else if body.equals(key, "return_tokens") {
                facts.returnsTokens = reader.readBoolOrSkip(body) ?? false
            } else {
                reader.skipValue(body)
            }
        }
        guard isRead else { return false }
        // Several prompts are answered by a list of objects, which no single stream stands for.
        if prompts > 1 { refusesStreaming = true }
        includeUsage = true
        return true
    }
}

import JSONBytes

/// Writes log-probabilities: a list of tokens for chats, four parallel lists for completions.
struct LogprobsEncoder {
    let endpoint: Endpoint
    let vocabulary: Vocabulary

    /// - Parameter offset: Where the text of the first token begins, in characters; it is moved behind the last one.
    func encode(_ entries: ArraySlice<TokenLogprob>, offset: inout Int, into json: inout [UInt8]) {
        switch endpoint {
        case .chat: chat(entries, into: &json)
        case .completions: completions(entries, offset: &offset, into: &json)
        }
    }

    private func chat(_ entries: ArraySlice<TokenLogprob>, into json: inout [UInt8]) {
        json += #"{"content":["#.utf8
        list(entries, into: &json) { entry, json in
            token(entry.chosen, into: &json)
            json += #","top_logprobs":["#.utf8
            list(entry.top[...], into: &json) { alternative, json in
                token(alternative, into: &json)
                json += "}".utf8
            }
            json += "]}".utf8
        }
        json += #"],"refusal":null}"#.utf8
    }

    /// An object that is left open.
    private func token(_ alternative: TokenLogprob.Alternative, into json: inout [UInt8]) {
        json += #"{"token":"#.utf8
        text(alternative, into: &json)
        json += #","logprob":"#.utf8
        logprob(alternative, into: &json)
        json += #","bytes":["#.utf8
        list(vocabulary.bytes(of: alternative.token), into: &json) { byte, json in json += "\(byte)".utf8 }
        json += "]".utf8
    }

    private func completions(_ entries: ArraySlice<TokenLogprob>, offset: inout Int, into json: inout [UInt8]) {
        json += #"{"tokens":["#.utf8
        list(entries, into: &json) { text($0.chosen, into: &$1) }
        json += #"],"token_logprobs":["#.utf8
        list(entries, into: &json) { logprob($0.chosen, into: &$1) }
        json += #"],"top_logprobs":["#.utf8
        list(entries, into: &json) { entry, json in
            json += "{".utf8
            // The chosen token is named even when it is not among the likeliest.
            let isTop = entry.top.contains { $0.token == entry.chosen.token }
            list((isTop ? entry.top : entry.top + [entry.chosen])[...], into: &json) { alternative, json in
                text(alternative, into: &json)
                json += ":".utf8
                logprob(alternative, into: &json)
            }
            json += "}".utf8
        }
        json += #"],"text_offset":["#.utf8
        list(entries, into: &json) { entry, json in
            json += "\(offset)".utf8
            offset += String(decoding: vocabulary.bytes(of: entry.chosen.token), as: UTF8.self).unicodeScalars.count
        }
        json += "]}".utf8
    }

    private func text(_ alternative: TokenLogprob.Alternative, into json: inout [UInt8]) {
        JSONString.encode(String(decoding: vocabulary.bytes(of: alternative.token), as: UTF8.self), into: &json)
    }

    /// What cannot come at all has no logarithm in JSON; OpenAI writes −9999.
    private func logprob(_ alternative: TokenLogprob.Alternative, into json: inout [UInt8]) {
        json += (alternative.logprob.isFinite ? "\(alternative.logprob)" : "-9999.0").utf8
    }

    private func list<Element>(
        _ elements: ArraySlice<Element>,
        into json: inout [UInt8],
        _ encode: (Element, inout [UInt8]) -> Void
    ) {
        for (index, element) in elements.enumerated() {
            if index > 0 { json += ",".utf8 }
            encode(element, &json)
        }
    }
}

import JSONBytes

/// What the streams of OpenAI's two completion formats share: the shape of a chunk around its choices.
struct OpenAIStream: Sendable {
    /// `chat.completion.chunk` or `text_completion`.
    let object: String
    var head: ChunkHead
    var usage: Usage?
    private var shape = PayloadShape()

    init(object: String, head: ChunkHead) {
        self.object = object
        self.head = head
    }

    /// Reads a chunk; `choice` reads one element of `choices`, whose place in the list is passed to it.
    mutating func read(
        _ payload: borrowing Span<UInt8>,
        into events: inout [WireEvent],
        choice: (Int, inout JSONReader, inout [WireEvent]) -> Void
    ) -> PayloadKind {
        if let event = shape.match(payload) {
            events.append(event)
            return .chunk
        }
        if payload.isDoneMark { return .done }
        let before = events.count
        var kind = PayloadKind.unreadable
        var ranges = ChunkHead.Ranges()
        var reader = JSONReader()
        let learnsHead = !head.isSeen
        var newUsage: Usage?
        reader.readObject(payload) { key, reader in
            if payload.equals(key, "choices") {
                kind = kind == .error ? .error : .chunk
                reader.readArrayOrSkip(payload) { index, reader in choice(index, &reader, &events) }
            } else if payload.equals(key, "usage") {
                newUsage = Usage(payload, &reader) ?? newUsage
            } else if payload.equals(key, "timings") {
                // Read in any case: the value must be passed over even when `usage` has told more.
                let timings = Usage(llamaTimings: payload, &reader)
                newUsage = newUsage ?? timings
            } else if payload.equals(key, "error") {
                if reader.peek(payload) != .null { kind = .error }
                reader.skipValue(payload)
            } else if learnsHead {
                let value = reader.skipValue(payload)
                ranges.note(payload, key, value)
            } else {
                reader.skipValue(payload)
            }
        }
        guard !reader.failed, reader.atEnd(payload), kind != .unreadable else {
            events.removeSubrange(before...)
            return .unreadable
        }
        if learnsHead, kind == .chunk { head.learn(payload, ranges) }
        if let newUsage { usage = newUsage }
        // A chunk that says one thing, and nothing about usage, may be the first of many alike.
        if kind == .chunk, newUsage == nil, !learnsHead, events.count == before + 1, events[before].kind != .finish {
            shape.learn(payload, saying: events[before])
        }
        return kind
    }

    /// Writes one chunk with the given members after the head.
    func write(into output: inout [UInt8], members: (inout [UInt8]) -> Void) {
        head.write(object: object, into: &output, members: members)
    }

    /// Writes the chunk that finishes a choice: `choice` is what stands in it before the finish reason.
    func writeFinish(_ choice: String, because cause: EndingCause, into output: inout [UInt8]) {
        write(into: &output) { output in
            output.append(contentsOf: "\"choices\":[{\(choice),\"logprobs\":null,\"finish_reason\":\"length\",".utf8)
            cause.writeStopReason(into: &output)
            output.append(contentsOf: "}]".utf8)
            cause.writeGuard(into: &output)
        }
    }

    /// The usage chunk, when usage is given, and the mark that ends the stream.
    func closing(usage: Usage?) -> [UInt8] {
        var output: [UInt8] = []
        if let usage {
            write(into: &output) { output in
                output.append(contentsOf: #""choices":[],"#.utf8)
                usage.write(into: &output)
            }
        }
        output.append(contentsOf: "data: [DONE]\n\n".utf8)
        return output
    }

    /// An error event, which every SDK raises. No `[DONE]` follows: a fault is no success.
    static func failure(_ message: String) -> [UInt8] {
        var output = Array(#"data: {"error":{"message":"#.utf8)
        JSONString.encode(message, into: &output)
        output.append(contentsOf: #","type":"upstream_error","param":null,"code":"upstream_lost"}}"#.utf8)
        output.append(contentsOf: "\n\n".utf8)
        return output
    }
}

extension Span<UInt8> {
    /// Whether the payload is `[DONE]`, with or without whitespace around it.
    var isDoneMark: Bool {
        guard count >= 6, count <= 16 else { return false }
        var start = 0
        var end = count
        while start < end, self[start] <= 0x20 { start += 1 }
        while end > start, self[end - 1] <= 0x20 { end -= 1 }
        return equals(start..<end, "[DONE]")
    }
}

extension ChunkHead.Ranges {
    /// Notes the value of a member that every chunk repeats.
    mutating func note(_ payload: borrowing Span<UInt8>, _ key: JSONReader.StringToken, _ value: Range<Int>) {
        // `null` is what some engines send in a chunk before the first: it is no value to repeat.
        if payload.equals(value, "null") { return }
        if payload.equals(key, "id") {
            id = value
        } else if payload.equals(key, "created") {
            created = value
        } else if payload.equals(key, "model") {
            model = value
        } else if payload.equals(key, "system_fingerprint") {
            systemFingerprint = value
        }
    }
}

extension Usage {
    /// Reads OpenAI's `usage` object; `nil` when it is null or tells nothing.
    init?(_ payload: borrowing Span<UInt8>, _ reader: inout JSONReader) {
        self.init(payload, &reader, prompt: "prompt_tokens", completion: "completion_tokens")
    }

    /// Reads llama.cpp's `timings`, which it sends on every chunk when asked.
    init?(llamaTimings payload: borrowing Span<UInt8>, _ reader: inout JSONReader) {
        self.init(payload, &reader, prompt: "prompt_n", completion: "predicted_n")
    }

    init?(
        _ payload: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        prompt: StaticString,
        completion: StaticString
    ) {
        var promptTokens: Int?
        var completionTokens: Int?
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, prompt) {
                promptTokens = reader.readIntegerOrSkip(payload)
            } else if payload.equals(key, completion) {
                completionTokens = reader.readIntegerOrSkip(payload)
            } else {
                reader.skipValue(payload)
            }
        }
        guard let completionTokens else { return nil }
        self.init(promptTokens: promptTokens ?? 0, completionTokens: completionTokens, isEstimated: false)
    }
}

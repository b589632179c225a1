import JSONBytes

/// The answer of llama.cpp's own `/completion`: the text and probabilities of all events, everything else of the last.
struct LlamaAggregate: ResponseAggregate {
    private let returnsTokens: Bool
    private var top = JSONTree.object
    private(set) var failure: [UInt8]?
    private(set) var size = 0

    /// - Parameter returnsTokens: Whether the client asked for the tokens' ids, which a stream carries in any case.
    init(returnsTokens: Bool) { self.returnsTokens = returnsTokens }

    mutating func receive(_ payload: borrowing Span<UInt8>) {
        guard failure == nil, let event = JSONTree(whole: payload), event.kind == .object else { return }
        if let error = event["error"], !error.isNull {
            failure = payload.copy(0..<payload.count)
            return
        }
        for (key, value) in zip(event.keys, event.values) {
            if key.elementsEqual("tokens".utf8), !returnsTokens {
                top.overlay(key, .array)
            } else if key.elementsEqual("content".utf8) || key.elementsEqual("tokens".utf8)
                || key.elementsEqual("completion_probabilities".utf8)
            {
                size += value.size
                top.extend(key, value)
            } else if !key.elementsEqual("prompt_progress".utf8) {
                top.overlay(key, value)
            }
        }
    }

    mutating func cut(_ channel: TextChannel, ofChoice choice: Int, _ cut: TextCut) {
        guard let text = top["content"], text.kind == .string else { return }
        top.set("content", cut.apply(channel, toTagged: text))
    }

    mutating func finish() -> [UInt8]? {
        guard top["stop"]?.bytes.first == UInt8(ascii: "t") else { return nil }
        // The engine repeats the request's settings, of which this one is ours and not the client's.
        if top["generation_settings"]?["stream"] != nil {
            top.update("generation_settings", from: .object) { $0.set("stream", JSONTree(literal: "false")) }
        }
        var output: [UInt8] = []
        top.write(into: &output)
        return output
    }
}

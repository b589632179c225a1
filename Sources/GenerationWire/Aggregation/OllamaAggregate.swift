import JSONBytes

/// The answer of Ollama's `/api/chat` or `/api/generate`: texts and calls of all lines, and everything else of the last.
struct OllamaAggregate: ResponseAggregate {
    private let text: StaticString
    private var top = JSONTree.object
    private(set) var failure: [UInt8]?
    private(set) var size = 0

    /// - Parameter text: The member with the text: `message` or `response`.
    init(text: StaticString) { self.text = text }

    mutating func receive(_ payload: borrowing Span<UInt8>) {
        guard failure == nil, let line = JSONTree(whole: payload), line.kind == .object else { return }
        if let error = line["error"], !error.isNull {
            failure = payload.copy(0..<payload.count)
            return
        }
        for (key, value) in zip(line.keys, line.values) {
            if key.elementsEqual("message".utf8) || key.elementsEqual("response".utf8)
                || key.elementsEqual("thinking".utf8) || key.elementsEqual("logprobs".utf8)
            {
                size += value.size
                top.extend(key, value)
            } else {
                top.overlay(key, value)
            }
        }
    }

    mutating func cut(_ channel: TextChannel, ofChoice choice: Int, _ cut: TextCut) {
        if top["message"] != nil {
            top.update("message", from: .object) { Self.cut(channel, in: &$0, "content", cut) }
        } else {
            Self.cut(channel, in: &top, text, cut)
        }
    }

    private static func cut(_ channel: TextChannel, in tree: inout JSONTree, _ key: StaticString, _ cut: TextCut) {
        if channel == .reasoning, let thinking = tree["thinking"], !thinking.isEmpty {
            tree.set("thinking", cut.apply(to: [thinking])[0])
        } else if let text = tree[key], text.kind == .string {
            tree.set(key, cut.apply(channel, toTagged: text))
        }
    }

    mutating func finish() -> [UInt8]? {
        guard top["done"]?.bytes.first == UInt8(ascii: "t") else { return nil }
        var output: [UInt8] = []
        top.write(into: &output)
        return output
    }
}

import JSONBytes

/// The answer of `/v1/chat/completions` or `/v1/completions`.
///
/// Per choice the deltas are joined into the message: texts and lists grow, what names a thing is taken once, and
/// members that no list here knows are joined by their type. Of a choice's other members and of the chunk's own the last
/// value that is not null wins, but log probabilities and token ids grow.
struct OpenAIAggregate: ResponseAggregate {
    enum Kind: Sendable { case chat, completions }

    private let kind: Kind
    private var top = JSONTree.object
    private var choices: [Choice] = []
    private(set) var failure: [UInt8]?
    private(set) var size = 0
    private var isDone = false

    init(_ kind: Kind) { self.kind = kind }

    private struct Choice: Sendable {
        var index: Int
        var members = JSONTree.object
        var message = JSONTree.object
        var calls: [ToolCallAggregate] = []
    }

    mutating func receive(_ payload: borrowing Span<UInt8>) {
        if payload.isDoneMark { isDone = true }
        guard failure == nil, let chunk = JSONTree(whole: payload), chunk.kind == .object else { return }
        if let error = chunk["error"], !error.isNull {
            failure = payload.copy(0..<payload.count)
            return
        }
        for (key, value) in zip(chunk.keys, chunk.values) {
            if key.elementsEqual("choices".utf8) {
                top.overlay(key, .array)
                for (position, choice) in value.values.enumerated() { add(choice, at: position) }
            } else if key.elementsEqual("object".utf8) {
                top.overlay(key, JSONTree(kind == .chat ? "chat.completion" : "text_completion"))
            } else if !key.elementsEqual("obfuscation".utf8) {
                // Padding against eavesdroppers is the stream's and not the answer's.
                top.overlay(key, value)
            }
        }
    }

    private mutating func add(_ choice: JSONTree, at position: Int) {
        guard choice.kind == .object else { return }
        let index = choice["index"]?.integer ?? position
        let place = choices.firstIndex { $0.index == index } ?? choices.count
        if place == choices.count { choices.append(Choice(index: index)) }
        for (key, value) in zip(choice.keys, choice.values) {
            if key.elementsEqual("delta".utf8) {
                size += value.size
                add(delta: value, to: place)
            } else if key.elementsEqual("text".utf8) || key.elementsEqual("logprobs".utf8) || value.kind == .array {
                size += value.size
                choices[place].members.extend(key, value)
            } else {
                choices[place].members.overlay(key, value)
            }
        }
    }

    private mutating func add(delta: JSONTree, to place: Int) {
        for (key, value) in zip(delta.keys, delta.values) {
            if key.elementsEqual("tool_calls".utf8) {
                for fragment in value.values { ToolCallAggregate.add(fragment, to: &choices[place].calls) }
            } else if key.elementsEqual("content".utf8) {
                choices[place].message.update("content", from: .null) { $0.extendContent(value) }
            } else {
                choices[place].message.extend(key, value)
            }
        }
    }

    mutating func cut(_ channel: TextChannel, ofChoice choice: Int, _ cut: TextCut) {
        guard let place = choices.firstIndex(where: { $0.index == choice }) else { return }
        func apply(_ tree: inout JSONTree, _ key: StaticString) {
            guard let text = tree[key], text.kind == .string else { return }
            tree.set(key, cut.apply(channel, toTagged: text))
        }
        guard kind == .chat else { return apply(&choices[place].members, "text") }
        let hidden: [StaticString] = ["reasoning_content", "reasoning"]
        guard channel == .reasoning, hidden.contains(where: { choices[place].message[$0]?.isEmpty == false }) else {
            return apply(&choices[place].message, "content")
        }
        for key in hidden {
            guard let text = choices[place].message[key], text.kind == .string else { continue }
            choices[place].message.set(key, cut.apply(to: [text])[0])
        }
        guard choices[place].message["reasoning_details"] != nil else { return }
        choices[place].message.update("reasoning_details", from: .null) { details in
            let texts = details.values.compactMap { $0["text"] }
            guard texts.count == details.values.count else { return }
            for (index, text) in cut.apply(to: texts).enumerated() { details.values[index].set("text", text) }
        }
    }

    mutating func finish() -> [UInt8]? {
        // Whoever writes the mark at the end without a finish reason has come to the end all the same.
        let isFinished = choices.allSatisfy { $0.members["finish_reason"]?.isEmpty == false }
        guard !choices.isEmpty, isFinished || isDone else { return nil }
        var list = JSONTree.array
        for choice in choices.sorted(by: { $0.index < $1.index }) { list.values.append(tree(of: choice)) }
        top.set("choices", list)
        var output: [UInt8] = []
        top.write(into: &output)
        return output
    }

    private func tree(of choice: Choice) -> JSONTree {
        var tree = JSONTree.object
        tree.set("index", JSONTree(literal: String(choice.index)))
        if kind == .chat {
            var message = JSONTree.object
            message.set("role", choice.message["role"].flatMap { $0.isEmpty ? nil : $0 } ?? JSONTree("assistant"))
            var content = choice.message["content"] ?? .null
            // Engines send an empty text before a call where the whole answer has none.
            if !choice.calls.isEmpty, content.isEmpty { content = .null }
            message.set("content", content)
            for (key, value) in zip(choice.message.keys, choice.message.values)
            where !key.elementsEqual("role".utf8) && !key.elementsEqual("content".utf8) { message.set(key, value) }
            if !choice.calls.isEmpty {
                var calls = JSONTree.array
                calls.values = ToolCallAggregate.ordered(choice.calls).map(\.tree)
                message.set("tool_calls", calls)
            }
            tree.set("message", message)
        }
        for (key, value) in zip(choice.members.keys, choice.members.values)
        where !key.elementsEqual("index".utf8) { tree.set(key, value) }
        return tree
    }
}

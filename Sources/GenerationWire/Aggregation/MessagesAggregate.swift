import JSONBytes

/// The answer of Anthropic's `/v1/messages`: the message of `message_start`, the blocks grown by their deltas, and what
/// `message_delta` adds. Its counts are totals and overwrite those of the beginning.
struct MessagesAggregate: ResponseAggregate {
    private var message: JSONTree?
    private var blocks: [Block] = []
    private(set) var failure: [UInt8]?
    private(set) var size = 0

    private struct Block: Sendable {
        var index: Int
        var tree: JSONTree
        /// The input of a call so far, as a string.
        var input: JSONTree?
    }

    mutating func receive(_ payload: borrowing Span<UInt8>) {
        guard failure == nil, let event = JSONTree(whole: payload), let type = event["type"] else { return }
        if type.equals("message_start") {
            message = event["message"]
        } else if type.equals("content_block_start"), let block = event["content_block"] {
            size += block.size
            blocks.append(Block(index: event["index"]?.integer ?? blocks.count, tree: block))
        } else if type.equals("content_block_delta"), let delta = event["delta"] {
            size += delta.size
            add(delta, to: event["index"]?.integer)
        } else if type.equals("message_delta") {
            end(event)
        } else if type.equals("error") {
            failure = payload.copy(0..<payload.count)
        }
    }

    private mutating func add(_ delta: JSONTree, to index: Int?) {
        guard let place = blocks.lastIndex(where: { index == nil || $0.index == index }) else { return }
        for (key, value) in zip(delta.keys, delta.values) {
            if key.elementsEqual("type".utf8) {
                continue
            } else if key.elementsEqual("partial_json".utf8) {
                if blocks[place].input == nil { blocks[place].input = JSONTree("") }
                blocks[place].input?.extend(value)
            } else if key.elementsEqual("citation".utf8) {
                blocks[place].tree.update("citations", from: .array) { list in
                    if list.isNull { list = .array }
                    list.values.append(value)
                }
            } else {
                blocks[place].tree.extend(key, value)
            }
        }
    }

    private mutating func end(_ event: JSONTree) {
        for (key, value) in zip(event.keys, event.values) where !key.elementsEqual("type".utf8) {
            if key.elementsEqual("delta".utf8) {
                message?.overlay(value)
            } else if key.elementsEqual("usage".utf8) {
                message?.update("usage", from: .object) { $0.overlay(value) }
            } else {
                message?.overlay(key, value)
            }
        }
    }

    mutating func cut(_ channel: TextChannel, ofChoice choice: Int, _ cut: TextCut) {
        let key: StaticString = channel == .content ? "text" : "thinking"
        let places = blocks.indices.filter { blocks[$0].tree[key]?.kind == .string }
        for (place, text) in zip(places, cut.apply(to: places.compactMap { blocks[$0].tree[key] })) {
            blocks[place].tree.set(key, text)
        }
    }

    mutating func finish() -> [UInt8]? {
        guard var message, message["stop_reason"]?.isEmpty == false else { return nil }
        var content = JSONTree.array
        for block in blocks.enumerated().sorted(by: { ($0.1.index, $0.0) < ($1.1.index, $1.0) }).map(\.element) {
            var tree = block.tree
            if let input = block.input, !input.isEmpty {
                // An input that was cut is no input: the call could not be made with it.
                guard let parsed = JSONTree(whole: input.text.span) else { continue }
                tree.set("input", parsed)
            } else if tree["type"]?.equals("tool_use") == true, tree["input"] == nil {
                tree.set("input", .object)
            }
            content.values.append(tree)
        }
        message.set("content", content)
        var output: [UInt8] = []
        message.write(into: &output)
        return output
    }
}

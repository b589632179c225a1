import JSONBytes

/// The answer of `/v1/responses`: the `response` of the last event. Engines that leave its `output` empty have sent the
/// items one by one before.
struct ResponsesAggregate: ResponseAggregate {
    private var response: JSONTree?
    private var items: [(place: Int, item: JSONTree)] = []
    private(set) var failure: [UInt8]?
    private(set) var size = 0

    mutating func receive(_ payload: borrowing Span<UInt8>) {
        guard failure == nil else { return }
        // Deltas are said again by what ends them, so that their type is all that is read of them.
        switch Self.type(of: payload) {
        case .item:
            guard let event = JSONTree(whole: payload), let item = event["item"] else { return }
            size += item.size
            items.append((event["output_index"]?.integer ?? items.count, item))
        case .end:
            guard let event = JSONTree(whole: payload), var ended = event["response"] else { return }
            // An ending of ours tells its reason beside the response.
            if let reason = event["guard"] { ended.overlay(Array("guard".utf8), reason) }
            size += ended.size
            response = ended
        case .error: failure = Self.error(payload)
        case .other: break
        }
    }

    private enum EventType { case item, end, error, other }

    private static func type(of payload: borrowing Span<UInt8>) -> EventType {
        var type = EventType.other
        var reader = JSONReader()
        reader.readObjectOrSkip(payload) { key, reader in
            guard payload.equals(key, "type"), let name = reader.readStringOrSkip(payload) else {
                if !payload.equals(key, "type") { reader.skipValue(payload) }
                return
            }
            if payload.equals(name, "response.output_item.done") {
                type = .item
            } else if payload.equals(name, "response.completed") || payload.equals(name, "response.incomplete")
                || payload.equals(name, "response.failed") || payload.equals(name, "response.cancelled")
            {
                type = .end
            } else if payload.equals(name, "error") {
                type = .error
            }
        }
        return reader.failed ? .other : type
    }

    /// The error of a stream is flat, that of an answer is an object.
    private static func error(_ payload: borrowing Span<UInt8>) -> [UInt8] {
        guard let event = JSONTree(whole: payload) else { return [] }
        var error = JSONTree.object
        if let nested = event["error"], nested.kind == .object {
            error = nested
        } else {
            error.set("message", event["message"] ?? JSONTree(""))
            error.set("type", JSONTree("server_error"))
            error.set("param", event["param"] ?? .null)
            error.set("code", event["code"] ?? .null)
        }
        var body = JSONTree.object
        body.set("error", error)
        var output: [UInt8] = []
        body.write(into: &output)
        return output
    }

    mutating func cut(_ channel: TextChannel, ofChoice choice: Int, _ cut: TextCut) {
        guard response != nil else { return }
        fillOutput()
        let type: StaticString = channel == .content ? "message" : "reasoning"
        response?.update("output", from: .array) { output in
            let places = output.values.indices.filter { output.values[$0]["type"]?.equals(type) == true }
            // A reasoning item has its text as `content`, or as a `summary`, and is judged by what it streamed.
            let keys: [StaticString] = channel == .content ? ["content"] : ["content", "summary"]
            for key in keys {
                var texts: [JSONTree] = []
                for place in places {
                    texts += (output.values[place][key]?.values ?? []).compactMap { $0["text"] }
                }
                guard !texts.isEmpty else { continue }
                var cuts = cut.apply(to: texts)[...]
                for place in places {
                    output.values[place].update(key, from: .array) { parts in
                        for part in parts.values.indices where parts.values[part]["text"] != nil {
                            if let text = cuts.popFirst() { parts.values[part].set("text", text) }
                        }
                    }
                }
            }
        }
    }

    mutating func finish() -> [UInt8]? {
        guard response != nil else { return nil }
        fillOutput()
        var output: [UInt8] = []
        response?.write(into: &output)
        return output
    }

    private mutating func fillOutput() {
        guard response?["output"]?.isEmpty ?? true, !items.isEmpty else { return }
        var output = JSONTree.array
        output.values = items.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }
            .map(\.element.item)
        response?.set("output", output)
    }
}

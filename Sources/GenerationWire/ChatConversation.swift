import JSONBytes

extension Conversation {
    /// Reads the turns of an OpenAI chat request from its `messages`.
    ///
    /// Results are paired with calls by `tool_call_id`; a result of the time before ids belongs to the last call of that
    /// name. A result may be a string or a list of text parts. The format has no error flag: only the text tells.
    init(chatMessages body: borrowing Span<UInt8>, in messages: Range<Int>) {
        self.init()
        var open: [String: (round: Int, call: Int)] = [:]
        var reader = JSONReader(at: messages.lowerBound)
        var conversation = self
        reader.readArrayOrSkip(body) { index, reader in
            let message = Message(body, &reader)
            conversation.add(message, at: index, open: &open)
        }
        self = conversation
    }

    private mutating func add(_ message: Message, at index: Int, open: inout [String: (round: Int, call: Int)]) {
        switch message.role {
        case "user":
            userTurns += 1
        case "assistant":
            guard !message.calls.isEmpty else { return }
            for (position, call) in message.calls.enumerated() {
                let place = (round: rounds.count, call: position)
                open["id:" + call.id] = place
                open["name:" + call.name] = place
            }
            rounds.append(
                Round(calls: message.calls.map { PastCall(name: $0.name, arguments: $0.arguments) }, turn: userTurns)
            )
        case "tool", "function":
            let key = message.callID.map { "id:" + $0 } ?? "name:" + (message.name ?? "")
            guard let place = open[key] else { return }
            rounds[place.round].calls[place.call].result = PastResult(text: message.text, message: index)
        default: break
        }
    }
}

/// One element of `messages`, as far as it matters here.
private struct Message {
    var role = ""
    var name: String?
    var callID: String?
    var text: [UInt8] = []
    var calls: [Call] = []

    struct Call {
        var id = ""
        var name = ""
        var arguments: [UInt8] = []
    }

    init(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) {
        var message = Message()
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "role") {
                message.role = reader.string(body) ?? ""
            } else if body.equals(key, "name") {
                message.name = reader.string(body)
            } else if body.equals(key, "tool_call_id") {
                message.callID = reader.string(body)
            } else if body.equals(key, "content") {
                message.readText(body, &reader)
            } else if body.equals(key, "tool_calls") {
                reader.readArrayOrSkip(body) { _, reader in message.readCall(body, &reader) }
            } else if body.equals(key, "function_call") {
                var call = Call()
                Self.readFunction(body, &reader, into: &call)
                if !call.name.isEmpty { message.calls.append(call) }
            } else {
                reader.skipValue(body)
            }
        }
        self = message
    }

    private init() {}

    private mutating func readText(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) {
        if reader.peek(body) == .string, let token = reader.readString(body) {
            JSONString.decode(body, token, into: &text)
            return
        }
        var joined = text
        reader.readArrayOrSkip(body) { _, reader in
            reader.readObjectOrSkip(body) { key, reader in
                if body.equals(key, "text"), let token = reader.readStringOrSkip(body) {
                    if !joined.isEmpty { joined.append(0x0A) }
                    JSONString.decode(body, token, into: &joined)
                } else if !body.equals(key, "text") {
                    reader.skipValue(body)
                }
            }
        }
        text = joined
    }

    private mutating func readCall(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) {
        var call = Call()
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "id") {
                call.id = reader.string(body) ?? ""
            } else if body.equals(key, "function") || body.equals(key, "custom") {
                Self.readFunction(body, &reader, into: &call)
            } else {
                reader.skipValue(body)
            }
        }
        calls.append(call)
    }

    private static func readFunction(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader, into call: inout Call) {
        var read = call
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "name") {
                read.name = reader.string(body) ?? ""
            } else if body.equals(key, "arguments") || body.equals(key, "input") {
                if reader.peek(body) == .string, let token = reader.readString(body) {
                    JSONString.decode(body, token, into: &read.arguments)
                } else {
                    read.arguments = body.copy(reader.skipValue(body))
                }
            } else {
                reader.skipValue(body)
            }
        }
        call = read
    }
}

extension JSONReader {
    /// Reads a string as text; `nil` when the value is something else, which is skipped.
    fileprivate mutating func string(_ body: borrowing Span<UInt8>) -> String? {
        readStringOrSkip(body).map { JSONString.string(body, $0) }
    }
}

import JSONBytes

/// One message of a conversation.
struct ChatMessage: Sendable, Equatable {
    enum Role: Sendable { case system, user, assistant, tool }

    /// A call of a tool that the assistant made.
    struct Call: Sendable, Equatable {
        var name: [UInt8] = []
        /// JSON text.
        var arguments: [UInt8] = []
    }

    var role = Role.user
    var content: [UInt8] = []
    var calls: [Call] = []
}

extension FieldReader {
    /// Reads `messages`.
    mutating func messages(_ bytes: Span<UInt8>, _ reader: inout JSONReader) -> [ChatMessage] {
        var messages: [ChatMessage] = []
        guard has(.array, bytes, &reader, "messages", "a list of messages") else { return messages }
        reader.readArray(bytes) { index, reader in messages.append(message(bytes, &reader, "messages[\(index)]")) }
        if messages.isEmpty { note("'messages' must hold at least one message.", parameter: "messages") }
        return messages
    }

    private mutating func message(_ bytes: Span<UInt8>, _ reader: inout JSONReader, _ name: String) -> ChatMessage {
        var message = ChatMessage()
        var role: ChatMessage.Role?
        object(bytes, &reader, name) { key, reader, fields in
            if bytes.equals(key, "role") {
                guard fields.has(.string, bytes, &reader, "\(name).role", "a string") else { return }
                role = Self.roles[String(decoding: fields.string(bytes, &reader), as: UTF8.self)]
            } else if bytes.equals(key, "content") {
                message.content = fields.content(bytes, &reader, "\(name).content")
            } else if bytes.equals(key, "tool_calls") {
                message.calls = fields.calls(bytes, &reader, "\(name).tool_calls")
            } else {
                reader.skipValue(bytes)
            }
        }
        if let role {
            message.role = role
        } else {
            note("'\(name).role' must be system, developer, user, assistant or tool.", parameter: "\(name).role")
        }
        return message
    }

    private static let roles: [String: ChatMessage.Role] = [
        "system": .system, "developer": .system, "user": .user, "assistant": .assistant, "tool": .tool,
        "function": .tool,
    ]

    /// The text of a message: a string, or the text parts of a list.
    private mutating func content(_ bytes: Span<UInt8>, _ reader: inout JSONReader, _ name: String) -> [UInt8] {
        guard reader.peek(bytes) == .array else {
            guard has(.string, bytes, &reader, name, "a string or a list of parts") else { return [] }
            return string(bytes, &reader)
        }
        var text: [UInt8] = []
        reader.readArray(bytes) { _, reader in
            var isText = false
            object(bytes, &reader, name) { key, reader, fields in
                if bytes.equals(key, "text"), reader.peek(bytes) == .string {
                    isText = true
                    text += fields.string(bytes, &reader)
                } else {
                    reader.skipValue(bytes)
                }
            }
            if !isText { note("'\(name)' may hold text parts only: this model reads text.", parameter: name) }
        }
        return text
    }

    private mutating func calls(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ name: String
    ) -> [ChatMessage.Call] {
        var calls: [ChatMessage.Call] = []
        guard has(.array, bytes, &reader, name, "a list of calls") else { return calls }
        reader.readArray(bytes) { index, reader in
            let name = "\(name)[\(index)].function"
            var call = ChatMessage.Call()
            object(bytes, &reader, "\(name)") { key, reader, fields in
                guard bytes.equals(key, "function") else {
                    _ = reader.skipValue(bytes)
                    return
                }
                fields.object(bytes, &reader, name) { key, reader, fields in
                    if bytes.equals(key, "name") {
                        guard fields.has(.string, bytes, &reader, "\(name).name", "a string") else { return }
                        call.name = fields.string(bytes, &reader)
                    } else if bytes.equals(key, "arguments") {
                        guard fields.has(.string, bytes, &reader, "\(name).arguments", "JSON text in a string") else {
                            return
                        }
                        call.arguments = fields.string(bytes, &reader)
                    } else {
                        reader.skipValue(bytes)
                    }
                }
            }
            if call.name.isEmpty { note("'\(name).name' is missing.", parameter: "\(name).name") }
            calls.append(call)
        }
        return calls
    }
}

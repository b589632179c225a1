import JSONBytes

/// Writes a conversation as the text that the model goes on with: `User: …`, `Assistant: …`, one message a line.
enum ChatTemplate {
    /// Reads `messages` and renders them, with the opening of the answer at the end; empty when there are none.
    static func readMessages(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ fields: inout FieldReader
    ) -> [UInt8] {
        var prompt: [UInt8] = []
        guard fields.has(.array, bytes, &reader, "messages", "a list of messages") else { return prompt }
        var count = 0
        reader.readArray(bytes) { index, reader in
            var role = ""
            var content: [UInt8] = []
            fields.object(bytes, &reader, "messages[\(index)]") { key, reader, fields in
                if bytes.equals(key, "role") {
                    guard fields.has(.string, bytes, &reader, "messages[\(index)].role", "a string") else { return }
                    role = String(decoding: fields.string(bytes, &reader), as: UTF8.self)
                } else if bytes.equals(key, "content") {
                    content = readContent(bytes, &reader, &fields, "messages[\(index)].content")
                } else {
                    reader.skipValue(bytes)
                }
            }
            count += 1
            append(role, content, to: &prompt, &fields, index)
        }
        if count == 0 {
            fields.note("'messages' must hold at least one message.", parameter: "messages")
        }
        return prompt + "Assistant:".utf8
    }

    private static func append(
        _ role: String,
        _ content: [UInt8],
        to prompt: inout [UInt8],
        _ fields: inout FieldReader,
        _ index: Int
    ) {
        switch role {
        case "system", "developer": break
        case "user": prompt += "User: ".utf8
        case "assistant": prompt += "Assistant: ".utf8
        case "tool", "function": prompt += "Tool: ".utf8
        default:
            let name = "messages[\(index)].role"
            fields.note("'\(name)' must be system, developer, user, assistant or tool.", parameter: name)
        }
        prompt += content
        prompt.append(UInt8(ascii: "\n"))
    }

    /// The text of a message: a string, or the text parts of a list.
    private static func readContent(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ fields: inout FieldReader,
        _ name: String
    ) -> [UInt8] {
        guard reader.peek(bytes) == .array else {
            guard fields.has(.string, bytes, &reader, name, "a string or a list of parts") else { return [] }
            return fields.string(bytes, &reader)
        }
        var text: [UInt8] = []
        reader.readArray(bytes) { _, reader in
            var isText = false
            fields.object(bytes, &reader, name) { key, reader, fields in
                if bytes.equals(key, "text"), reader.peek(bytes) == .string {
                    isText = true
                    text += fields.string(bytes, &reader)
                } else {
                    reader.skipValue(bytes)
                }
            }
            if !isText { fields.note("'\(name)' may hold text parts only: this model reads text.", parameter: name) }
        }
        return text
    }
}

import JSONBytes

/// A tool that a request offers to the model.
struct Tool: Sendable, Equatable {
    var name: [UInt8] = []
    /// The whole description, as ``SpacedJSON`` writes it.
    var json: [UInt8] = []
}

/// Which tools the model may or must call.
enum ToolChoice: Sendable, Equatable {
    case none
    case auto
    case required
    case function([UInt8])
}

extension FieldReader {
    /// The most tools of one request.
    static let maxTools = 128

    /// Reads `tools`.
    mutating func tools(_ bytes: Span<UInt8>, _ reader: inout JSONReader) -> [Tool] {
        var tools: [Tool] = []
        guard has(.array, bytes, &reader, "tools", "a list of tools") else { return tools }
        reader.readArray(bytes) { index, reader in
            let tool = tool(bytes, &reader, "tools[\(index)]")
            if tools.contains(where: { $0.name == tool.name }) {
                let name = "tools[\(index)].function.name"
                note("'\(name)' must be a name that no other tool has.", parameter: name)
            }
            tools.append(tool)
        }
        if tools.count > Self.maxTools { note("'tools' may hold at most \(Self.maxTools) tools.", parameter: "tools") }
        return tools
    }

    private mutating func tool(_ bytes: Span<UInt8>, _ reader: inout JSONReader, _ name: String) -> Tool {
        var tool = Tool()
        var isFunction = false
        _ = reader.peek(bytes)
        let start = reader.position
        object(bytes, &reader, name) { key, reader, fields in
            if bytes.equals(key, "type"), reader.peek(bytes) == .string {
                isFunction = fields.string(bytes, &reader) == Array("function".utf8)
            } else if bytes.equals(key, "function") {
                tool.name = fields.functionName(bytes, &reader, "\(name).function") ?? []
            } else {
                reader.skipValue(bytes)
            }
        }
        if reader.failed { return tool }
        if !isFunction { note("'\(name).type' must be 'function'.", parameter: "\(name).type") }
        if tool.name.isEmpty || tool.name.count > ToolCallGrammar.maxNameLength {
            note(
                "'\(name).function.name' must have 1 to \(ToolCallGrammar.maxNameLength) bytes.",
                parameter: "\(name).function.name"
            )
        }
        tool.json = SpacedJSON.text(bytes, start..<reader.position)
        return tool
    }

    private mutating func functionName(
        _ bytes: Span<UInt8>,
        _ reader: inout JSONReader,
        _ name: String
    ) -> [UInt8]? {
        var found: [UInt8]?
        object(bytes, &reader, name) { key, reader, fields in
            if bytes.equals(key, "name"), fields.has(.string, bytes, &reader, "\(name).name", "a string") {
                found = fields.string(bytes, &reader)
            } else if !bytes.equals(key, "name") {
                reader.skipValue(bytes)
            }
        }
        return found
    }

    /// Reads `tool_choice`.
    mutating func toolChoice(_ bytes: Span<UInt8>, _ reader: inout JSONReader) -> ToolChoice? {
        let expected = "none, auto, required, or an object that names a function"
        switch reader.peek(bytes) {
        case .null:
            reader.skipValue(bytes)
            return nil
        case .string:
            switch String(decoding: string(bytes, &reader), as: UTF8.self) {
            case "none": return ToolChoice.none
            case "auto": return .auto
            case "required": return .required
            default: break
            }
        case .object:
            var name: [UInt8]?
            object(bytes, &reader, "tool_choice") { key, reader, fields in
                if bytes.equals(key, "function") {
                    name = fields.functionName(bytes, &reader, "tool_choice.function")
                } else {
                    reader.skipValue(bytes)
                }
            }
            if let name { return .function(name) }
        default: reader.skipValue(bytes)
        }
        note("'tool_choice' must be \(expected).", parameter: "tool_choice")
        return nil
    }
}

/// JSON text as models learn it: one line, with a space behind every colon and comma (Python's `json.dumps`).
enum SpacedJSON {
    /// - Parameter range: Where a valid value lies.
    static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var text: [UInt8] = []
        var isInString = false
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            index += 1
            if isInString {
                text.append(byte)
                if byte == UInt8(ascii: "\\") {
                    text.append(bytes[index])
                    index += 1
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: continue
            case UInt8(ascii: ","), UInt8(ascii: ":"): text += [byte, 0x20]
            case UInt8(ascii: "\""):
                isInString = true
                text.append(byte)
            default: text.append(byte)
            }
        }
        return text
    }
}

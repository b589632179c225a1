import JSONBytes

/// How a response in the Responses format ends before its time: what is open is closed, parts before their items, and the
/// last event lists exactly what the client was shown.
extension ResponsesOutput {
    /// Closes all items. A note goes into a message that is open, or into one of its own.
    mutating func closeItems(note: String?, runID: String) -> [UInt8] {
        var output: [UInt8] = []
        beginIfNeeded(&output)
        var note = note
        for place in items.indices where items[place].isOpen {
            if items[place].kind == .message, let text = note {
                write(note: text, inItem: place, &output)
                note = nil
            }
            close(place, &output)
        }
        if let note { writeMessage(note, runID: runID, &output) }
        return output
    }

    /// The last event.
    mutating func finish(usage: Usage?, because cause: EndingCause?) -> [UInt8] {
        guard !isFinished else { return [] }
        isFinished = true
        var output: [UInt8] = []
        let ending = cause?.responsesEnding ?? .incomplete
        let isKnown = knownMembers
        let (head, items, created, model) = (head, items, created, model)
        write(ending == .incomplete ? "response.incomplete" : "response.completed", &output) { output in
            output.append(",\"response\":")
            let rewritten: Set = ["status", "error", "incomplete_details", "output", "usage", "completed_at"]
            if !output.append(object: head, without: rewritten) { output.append("{\"object\":\"response\"") }
            if !isKnown.createdAt { output.append(",\"created_at\":\(created)") }
            if !isKnown.model {
                output.append(",\"model\":")
                JSONString.encode(model, into: &output)
            }
            output.append(
                #","status":"incomplete","error":null,"incomplete_details":{"reason":"max_output_tokens"},"output":["#
            )
            var isFirst = true
            for item in items where !item.json.isEmpty {
                if !isFirst { output.append(",") }
                isFirst = false
                output.append(contentsOf: item.json)
            }
            output.append("]")
            usage?.writeForResponses(into: &output)
            cause?.writeGuard(into: &output)
            output.append("}")
        }
        return output
    }

    mutating func failure(_ message: String) -> [UInt8] {
        var output: [UInt8] = []
        write("error", &output) { output in
            output.append(#","code":"server_error","message":"#)
            JSONString.encode(message, into: &output)
            output.append(",\"param\":null")
        }
        return output
    }

    mutating func keepAlive() -> [UInt8]? {
        guard hasBegun, !isFinished, !head.isEmpty else { return nil }
        var output: [UInt8] = []
        let head = head
        write("response.in_progress", &output) { output in
            output.append(",\"response\":")
            output.append(contentsOf: head)
        }
        notePutIn()
        return output
    }

    // MARK: - The beginning

    private mutating func beginIfNeeded(_ output: inout [UInt8]) {
        guard !hasBegun else { return }
        hasBegun = true
        head.append("{\"id\":")
        JSONString.encode(id, into: &head)
        head.append(",\"object\":\"response\",\"created_at\":\(created),\"model\":")
        JSONString.encode(model, into: &head)
        head.append(
            #","status":"in_progress","error":null,"incomplete_details":null,"instructions":null,"metadata":{}"#
        )
        head.append(#","output":[],"parallel_tool_calls":true,"tool_choice":"auto","tools":[],"usage":null}"#)
        let head = head
        for type in ["response.created", "response.in_progress"] {
            write(type, &output) { output in
                output.append(",\"response\":")
                output.append(contentsOf: head)
            }
        }
    }

    /// Which members of an ended response the engine has already told at its beginning.
    private var knownMembers: (createdAt: Bool, model: Bool) {
        var known = (createdAt: false, model: false)
        let bytes = head.span
        var reader = JSONReader()
        reader.readObjectOrSkip(bytes) { key, reader in
            if bytes.equals(key, "created_at") { known.createdAt = true }
            if bytes.equals(key, "model") { known.model = true }
            reader.skipValue(bytes)
        }
        return known
    }

    // MARK: - Closing

    private mutating func close(_ place: Int, _ output: inout [UInt8]) {
        for part in items[place].parts.indices { close(part: part, of: place, &output) }
        writeArgumentsDone(place, &output)
        let item = items[place]
        var json: [UInt8] = []
        let rewritten: Set = ["status", "content", "summary", "arguments", "input", "code"]
        if !json.append(object: item.json, without: rewritten) { json.append("{\"type\":\"\(item.type)\"") }
        json.append(",\"status\":\"\(item.closedStatus)\"")
        switch item.kind {
        case .message: json.append(parts: item.parts.filter { !$0.type.isReasoning }, as: "content")
        case .reasoning:
            json.append(parts: item.parts.filter { $0.type == .summary }, as: "summary")
            let content = item.parts.filter { $0.type != .summary }
            if !content.isEmpty { json.append(parts: content, as: "content") }
        case .call:
            if let member = item.argumentsMember {
                json.append(",\"\(member)\":\"")
                json.append(contentsOf: item.arguments)
                json.append("\"")
            }
        case .other: break
        }
        json.append("}")
        items[place].json = json
        items[place].isOpen = false
        write("response.output_item.done", &output) { output in
            if let index = item.index { output.append(",\"output_index\":\(index)") }
            output.append(",\"item\":")
            output.append(contentsOf: json)
        }
    }

    private mutating func close(part place: Int, of item: Int, _ output: inout [UInt8]) {
        let part = items[item].parts[place]
        guard part.isAnnounced, part.isOpen else { return }
        items[item].parts[place].isOpen = false
        let position = items[item].position(of: part)
        if !part.isTextDone {
            write("\(part.type.event).done", &output) { output in
                output.append(contentsOf: position)
                output.append(part.type == .refusal ? ",\"refusal\":\"" : ",\"text\":\"")
                output.append(contentsOf: part.text)
                output.append(part.type == .text ? "\",\"logprobs\":[]" : "\"")
            }
        }
        let type = part.type == .summary ? "response.reasoning_summary_part.done" : "response.content_part.done"
        write(type, &output) { output in
            output.append(contentsOf: position)
            output.append(",\"part\":")
            output.append(part: part)
        }
    }

    private mutating func writeArgumentsDone(_ place: Int, _ output: inout [UInt8]) {
        let item = items[place]
        guard let member = item.argumentsMember, !item.areArgumentsDone else { return }
        let type =
            switch item.type {
            case "custom_tool_call": "response.custom_tool_call_input.done"
            case "mcp_call": "response.mcp_call_arguments.done"
            case "code_interpreter_call": "response.code_interpreter_call_code.done"
            default: "response.function_call_arguments.done"
            }
        write(type, &output) { output in
            output.append(contentsOf: item.position)
            if let name = item.name, item.type == "function_call" {
                output.append(",\"name\":")
                JSONString.encode(name, into: &output)
            }
            output.append(",\"\(member)\":\"")
            output.append(contentsOf: item.arguments)
            output.append("\"")
        }
    }

    // MARK: - The note

    private mutating func writeMessage(_ note: String, runID: String, _ output: inout [UInt8]) {
        // Where the engine does not count its items, the note is not counted either.
        let isCounted = items.isEmpty || items.contains { $0.index != nil }
        let index = items.compactMap(\.index).max().map { $0 &+ 1 } ?? 0
        var id: [UInt8] = []
        JSONString.encode("msg_" + runID, into: &id)
        var json = Array("{\"id\":".utf8)
        json.append(contentsOf: id)
        json.append(#","type":"message","status":"in_progress","role":"assistant","content":[]}"#)
        let item = Item(index: isCounted ? index : nil, id: id, kind: .message, type: "message", json: json)
        items.append(item)
        write("response.output_item.added", &output) { output in
            if let index = item.index { output.append(",\"output_index\":\(index)") }
            output.append(",\"item\":")
            output.append(contentsOf: json)
        }
        let place = items.count - 1
        write(note: note, inItem: place, &output)
        close(place, &output)
    }

    /// Adds the note to the open text of a message, or as a part of its own.
    private mutating func write(note: String, inItem place: Int, _ output: inout [UInt8]) {
        let open = items[place].parts.lastIndex { $0.type == .text && $0.isOpen && !$0.isTextDone }
        let number = open ?? items[place].parts.count
        if open == nil {
            let isCounted = items[place].index != nil
            let part = Part(type: .text, index: isCounted ? number : nil, isAnnounced: true)
            items[place].parts.append(part)
            let position = items[place].position(of: part)
            write("response.content_part.added", &output) { output in
                output.append(contentsOf: position)
                output.append(",\"part\":")
                output.append(part: part)
            }
        }
        var quoted: [UInt8] = []
        JSONString.encode(note, into: &quoted)
        items[place].parts[number].text.append(contentsOf: quoted[1..<quoted.count - 1])
        let position = items[place].position(of: items[place].parts[number])
        write("response.output_text.delta", &output) { output in
            output.append(contentsOf: position)
            output.append(",\"delta\":")
            output.append(contentsOf: quoted)
            output.append(",\"logprobs\":[]")
        }
    }

    /// Writes one event and counts it, if events are counted.
    private mutating func write(_ type: String, _ output: inout [UInt8], members: (inout [UInt8]) -> Void) {
        let number = nextSequence
        if isNumbered { nextSequence &+= 1 }
        NamedEvents.write(type, into: &output) { output in
            if isNumbered { output.append(",\"sequence_number\":\(number)") }
            members(&output)
        }
    }
}

extension ResponsesOutput.Item {
    /// `,"item_id":…,"output_index":…`, as far as the engine tells them.
    fileprivate var position: [UInt8] {
        var output: [UInt8] = []
        if !id.isEmpty {
            output.append(",\"item_id\":")
            output.append(contentsOf: id)
        }
        if let index { output.append(",\"output_index\":\(index)") }
        return output
    }

    fileprivate func position(of part: ResponsesOutput.Part) -> [UInt8] {
        var output = position
        if let index = part.index {
            output.append(part.type == .summary ? ",\"summary_index\":\(index)" : ",\"content_index\":\(index)")
        }
        return output
    }

    /// The status of an item that the engine has not closed. A call whose arguments are whole is complete; searches and
    /// images know no incomplete state.
    fileprivate var closedStatus: String {
        switch kind {
        case .call(.function) where completion.isComplete || areArgumentsDone && !completion.hasBegun: "completed"
        case .call(.custom) where areArgumentsDone: "completed"
        case _ where type == "web_search_call" || type == "image_generation_call": "failed"
        default: "incomplete"
        }
    }

    /// The member that holds the arguments of a call which come as text.
    fileprivate var argumentsMember: String? {
        switch type {
        case "function_call", "mcp_call": "arguments"
        case "custom_tool_call": "input"
        case "code_interpreter_call": "code"
        default: nil
        }
    }

    fileprivate var name: String? {
        let bytes = json.span
        var name: String?
        var reader = JSONReader()
        reader.readObjectOrSkip(bytes) { key, reader in
            if bytes.equals(key, "name") {
                name = reader.readStringOrSkip(bytes).map { JSONString.string(bytes, $0) }
            } else {
                reader.skipValue(bytes)
            }
        }
        return name
    }
}

extension [UInt8] {
    fileprivate mutating func append(part: ResponsesOutput.Part) {
        append("{\"type\":\"\(part.type.rawValue)\",\"\(part.type == .refusal ? "refusal" : "text")\":\"")
        append(contentsOf: part.text)
        append(part.type == .text ? "\",\"annotations\":[],\"logprobs\":[]}" : "\"}")
    }

    fileprivate mutating func append(parts: [ResponsesOutput.Part], as member: String) {
        append(",\"\(member)\":[")
        for (place, part) in parts.enumerated() {
            if place > 0 { append(",") }
            append(part: part)
        }
        append("]")
    }
}

extension Usage {
    /// Writes `,"usage":{…}` as the Responses format has it; an estimate says so.
    fileprivate func writeForResponses(into output: inout [UInt8]) {
        output.append(",\"usage\":{\"input_tokens\":\(promptTokens),\"input_tokens_details\":")
        output.append("{\"cached_tokens\":0,\"cache_write_tokens\":0},")
        output.append("\"output_tokens\":\(completionTokens),\"output_tokens_details\":{\"reasoning_tokens\":0},")
        output.append("\"total_tokens\":\(promptTokens &+ completionTokens)")
        output.append(isEstimated ? ",\"estimated\":true}" : "}")
    }
}

import Foundation
import GenerationWire

/// What is wrong with a response as a client sees it, by the rules of its format; empty when nothing is.
///
/// Written from the formats' documents and not from the guard's own code, so that the two can disagree.
struct Grammar {
    private(set) var faults: [String] = []
    /// All text that a reader sees.
    private(set) var visibleText = ""
    /// The arguments of the tool calls that the client would run, as text.
    private(set) var calls: [String] = []

    init(_ format: WireFormat, _ body: [UInt8]) {
        switch format {
        case .chatCompletions, .completions: readChunks(payloads(body))
        case .messages: readMessages(payloads(body, named: true))
        case .responses: readResponses(payloads(body, named: true))
        case .ollamaChat, .ollamaGenerate: readLines(body)
        case .llamaCompletion: readLlama(payloads(body))
        }
    }

    private mutating func require(_ condition: Bool, _ fault: @autoclosure () -> String) {
        if !condition { faults.append(fault()) }
    }

    /// The payloads; events must be named as their type where names are asked for.
    private mutating func payloads(_ body: [UInt8], named: Bool = false) -> [[String: Any]] {
        let text = String(decoding: body, as: UTF8.self)
        require(text.isEmpty || text.hasSuffix("\n\n"), "the last event is not ended")
        var found: [[String: Any]] = []
        for block in text.components(separatedBy: "\n\n") {
            let lines = block.split(separator: "\n").filter { !$0.hasPrefix(":") }
            let data = lines.filter { $0.hasPrefix("data: ") }.map { $0.dropFirst(6) }.joined(separator: "\n")
            require(lines.isEmpty || !data.isEmpty, "an event without data")
            guard !data.isEmpty else { continue }
            if data == "[DONE]" {
                found.append(["type": "[DONE]"])
            } else if let payload = try? JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any] {
                let name = lines.first { $0.hasPrefix("event: ") }?.dropFirst(7)
                if named { require(name.map(String.init) == payload["type"] as? String, "name is not type: \(block)") }
                found.append(payload)
            } else {
                require(false, "no JSON: \(data)")
            }
        }
        return found
    }

    // MARK: - OpenAI completions

    private mutating func readChunks(_ chunks: [[String: Any]]) {
        require(chunks.last?["type"] as? String == "[DONE]", "no [DONE] at the end")
        require(chunks.dropLast().allSatisfy { $0["type"] == nil }, "[DONE] before the end")
        var begun: Set<Int> = []
        var finished: Set<Int> = []
        var arguments: [Int: String] = [:]
        for choice in chunks.flatMap({ $0["choices"] as? [[String: Any]] ?? [] }) {
            let index = choice["index"] as? Int ?? -1
            require(!finished.contains(index), "something after the finish of \(index)")
            if let delta = choice["delta"] as? [String: Any] {
                if !delta.isEmpty { begun.insert(index) }
                visibleText += delta["content"] as? String ?? ""
                for call in delta["tool_calls"] as? [[String: Any]] ?? [] {
                    let text = (call["function"] as? [String: Any])?["arguments"] as? String ?? ""
                    arguments[call["index"] as? Int ?? 0, default: ""] += text
                }
                require(begun.contains(index), "\(index) ends before it begins")
            }
            visibleText += choice["text"] as? String ?? ""
            if choice["finish_reason"] is String { finished.insert(index) }
        }
        require(!finished.isEmpty, "no finish")
        calls = arguments.sorted { $0.key < $1.key }.map(\.value)
    }

    // MARK: - Anthropic Messages

    private mutating func readMessages(_ events: [[String: Any]]) {
        require(events.first { $0["type"] as? String != "ping" }?["type"] as? String == "message_start", "no start")
        require(events.last?["type"] as? String == "message_stop", "no message_stop at the end")
        var open: [Int: String] = [:]
        var next = 0
        var arguments: [Int: String] = [:]
        var hasStopReason = false
        for event in events {
            let index = event["index"] as? Int ?? -1
            switch event["type"] as? String {
            case "message_start":
                require(next == 0, "a second message_start")
            case "content_block_start":
                require(index == next, "block \(index) begins where \(next) should")
                require(!hasStopReason, "a block after the stop reason")
                next = index + 1
                let block = event["content_block"] as? [String: Any] ?? [:]
                open[index] = block["type"] as? String
                visibleText += block["text"] as? String ?? ""
                if open[index] == "tool_use" {
                    let input = block["input"] as? [String: Any] ?? [:]
                    let data = try? JSONSerialization.data(withJSONObject: input)
                    arguments[index] = input.isEmpty ? "" : data.map { String(decoding: $0, as: UTF8.self) } ?? ""
                }
            case "content_block_delta":
                let delta = event["delta"] as? [String: Any] ?? [:]
                let wanted = [
                    "text_delta": ["text"], "thinking_delta": ["thinking"], "signature_delta": ["thinking"],
                    "input_json_delta": ["tool_use", "server_tool_use"], "citations_delta": ["text"],
                ][delta["type"] as? String ?? ""]
                require(open[index].map { wanted?.contains($0) == true } == true, "a wrong delta in block \(index)")
                visibleText += delta["text"] as? String ?? ""
                if arguments[index] != nil { arguments[index]! += delta["partial_json"] as? String ?? "" }
            case "content_block_stop":
                require(open.removeValue(forKey: index) != nil, "block \(index) stops and is not open")
            case "message_delta":
                require(!hasStopReason, "a second stop reason")
                hasStopReason = (event["delta"] as? [String: Any])?["stop_reason"] is String
                require((event["usage"] as? [String: Any])?["output_tokens"] is Int, "no usage")
            case "message_stop", "ping": break
            default: require(false, "unknown event \(event)")
            }
        }
        require(hasStopReason, "no stop reason")
        for (index, type) in open {
            let isCut = type == "tool_use" && !isWholeObject(arguments[index] ?? "")
            require(isCut, "block \(index) (\(type)) is left open")
        }
        calls = arguments.sorted { $0.key < $1.key }.map { $0.value.isEmpty ? "{}" : $0.value }
    }

    // MARK: - OpenAI Responses

    private mutating func readResponses(_ events: [[String: Any]]) {
        let terminals: Set = ["response.completed", "response.incomplete", "response.failed"]
        let events = events.filter { $0["type"] as? String != "[DONE]" }
        require(events.first?["type"] as? String == "response.created", "no response.created")
        require(terminals.contains(events.last?["type"] as? String ?? ""), "no terminal event at the end")
        let numbers = events.map { $0["sequence_number"] as? Int }
        require(
            numbers.allSatisfy { $0 == nil } || numbers.enumerated().allSatisfy { $0.element == $0.offset },
            "the sequence numbers are \(numbers)"
        )
        var items = OpenItems()
        for event in events {
            let type = event["type"] as? String ?? ""
            if terminals.contains(type) {
                let output = (event["response"] as? [String: Any])?["output"] as? [[String: Any]] ?? []
                require(items.open.isEmpty, "items are left open: \(items.open)")
                require(output as NSArray == items.done as NSArray, "output \(output) is not \(items.done)")
                let usage = (event["response"] as? [String: Any])?["usage"] as? [String: Any]
                require(usage?["output_tokens"] is Int || type == "response.failed", "no usage")
            } else if let fault = items.take(event, type) {
                require(false, "\(type): \(fault)")
            }
        }
        visibleText = items.visibleText
        calls = items.done.filter { $0["type"] as? String == "function_call" }.compactMap { $0["arguments"] as? String }
    }

    // MARK: - Lines and llama.cpp

    private mutating func readLines(_ body: [UInt8]) {
        let lines = String(decoding: body, as: UTF8.self).split(separator: "\n")
        require(body.last == 0x0A, "the last line is not ended")
        for (place, line) in lines.enumerated() {
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let isLast = place == lines.count - 1
            require(object?["done"] as? Bool == isLast, "done is wrong in \(line)")
            require(object?["model"] is String && object?["created_at"] is String, "model or time missing in \(line)")
            if isLast { require(object?["done_reason"] is String && object?["eval_count"] is Int, "ends as \(line)") }
            let message = object?["message"] as? [String: Any]
            visibleText += message?["content"] as? String ?? object?["response"] as? String ?? ""
        }
    }

    private mutating func readLlama(_ objects: [[String: Any]]) {
        var stopped: Set<Int> = []
        var seen: Set<Int> = [0]
        for object in objects where object["type"] == nil {
            let index = object["index"] as? Int ?? 0
            seen.insert(index)
            require(!stopped.contains(index), "something after the end of \(index)")
            visibleText += object["content"] as? String ?? ""
            guard object["stop"] as? Bool == true else { continue }
            stopped.insert(index)
            require(object["stop_type"] is String || object["stopped_limit"] is Bool, "no reason to stop")
            require(object["tokens_predicted"] is Int, "no usage")
        }
        require(stopped == seen, "ended \(stopped) of \(seen)")
    }
}

/// Whether a text is a JSON object and nothing more.
func isWholeObject(_ text: String) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) is [String: Any]
}

/// The items of a Responses stream while they come.
private struct OpenItems {
    var open: [String: [String: Any]] = [:]
    var done: [[String: Any]] = []
    var visibleText = ""
    private var order: [String] = []
    /// Deltas by item and part, and the parts that are open.
    private var texts: [String: String] = [:]
    private var parts: Set<String> = []

    /// Takes an event in and returns what is wrong with it.
    mutating func take(_ event: [String: Any], _ type: String) -> String? {
        let item = event["item"] as? [String: Any]
        let id = event["item_id"] as? String ?? item?["id"] as? String ?? item?["call_id"] as? String ?? ""
        let part = id + "/\(event["content_index"] ?? event["summary_index"] ?? "-")/\(type.contains("summary"))"
        switch type {
        case "response.output_item.added":
            if let index = event["output_index"] as? Int, index != order.count { return "\(index) is not the next" }
            order.append(id)
            open[id] = item
        case "response.output_item.done":
            guard let added = open.removeValue(forKey: id) else { return "\(id) is not open" }
            if let index = event["output_index"] as? Int, order[index] != id { return "\(index) is not \(id)" }
            if added["type"] as? String != item?["type"] as? String { return "the type has changed" }
            if parts.contains(where: { $0.hasPrefix(id + "/") }) { return "a part of \(id) is open" }
            if item?["status"] as? String == "in_progress" { return "\(id) is in progress" }
            done.append(item ?? [:])
        case let type where type.hasSuffix("_part.added"): parts.insert(part)
        case let type where type.hasSuffix("_part.done"):
            guard parts.remove(part) != nil else { return "\(part) is not open" }
            let told = event["part"] as? [String: Any]
            let text = told?["text"] as? String ?? told?["refusal"] as? String
            if let deltas = texts[part], deltas != text { return "\(text ?? "") is not \(deltas)" }
        case let type where type.hasSuffix(".delta"):
            if open[id] == nil { return "\(id) is not open" }
            texts[part, default: ""] += event["delta"] as? String ?? ""
            if type.hasPrefix("response.output_text") { visibleText += event["delta"] as? String ?? "" }
            if type.hasPrefix("response.refusal") { visibleText += event["delta"] as? String ?? "" }
        case let type where type.hasSuffix(".done"):
            let text = (event["text"] ?? event["arguments"] ?? event["input"] ?? event["refusal"]) as? String
            if let deltas = texts[part], let text, deltas != text { return "\(text) is not \(deltas)" }
            if type == "response.output_text.done", texts[part] == nil { visibleText += text ?? "" }
        default: break
        }
        return nil
    }
}

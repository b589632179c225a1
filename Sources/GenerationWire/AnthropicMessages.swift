import JSONBytes

/// Anthropic Messages: named events, and content in blocks that open and close.
///
/// Several blocks may be open at once: llama.cpp opens thinking, text and tool blocks and closes them all at the end.
/// Ollama says `tool_use` whenever tools were called, even after a cut; its calls are whole, so nothing is mended.
public struct AnthropicMessages: StreamFormat {
    private let id: String
    private let model: String
    private var shape = PayloadShape()
    /// What was read last; `nil` when it was a delta of text, of which nothing needs to be noted.
    private var last: MessagesEvent?
    private var told = Told()
    private var shown = Shown()

    /// What the engine has told of tokens.
    private struct Told {
        var prompt: Int?
        var completion: Int?
    }

    /// What the client has been shown.
    private struct Shown {
        var hasStarted = false
        var hasStopReason = false
        var hasStopped = false
        /// The blocks that are open, in the order they were opened, with the indices the client knows.
        var open: [Block] = []
        var nextIndex = 0
        /// Indices of blocks that were dropped; later ones move down.
        var dropped: [Int] = []

        func index(_ index: Int) -> Int { index &- dropped.count { $0 < index } }
    }

    private struct Block {
        var index: Int
        var kind: MessagesEvent.Block
        var isSigned = false
        /// Whether the arguments of a tool call are whole.
        var completion = JSONCompletion()
    }

    /// Creates the format for one response; the values are used when the engine has sent nothing yet.
    public init(id: String, model: String) {
        self.id = id
        self.model = model
    }

    // MARK: - Reading

    public mutating func read(_ payload: borrowing Span<UInt8>, into events: inout [WireEvent]) -> PayloadKind {
        last = nil
        if let event = shape.match(payload) {
            events.append(event)
            return .chunk
        }
        guard let event = MessagesEvent(payload) else { return .unreadable }
        last = event
        switch event.kind {
        case .messageStart:
            told.prompt = event.inputTokens ?? told.prompt
            events.append(WireEvent(.role, choice: 0))
        case .blockStart: readStart(event, into: &events)
        case .blockDelta: readDelta(payload, event, into: &events)
        case .blockStop:
            var end = WireEvent(.callEnd, choice: 0)
            end.call = event.index
            events.append(end)
        case .messageDelta:
            told.prompt = event.inputTokens ?? told.prompt
            told.completion = event.outputTokens ?? told.completion
            if let reason = event.stopReason { events.append(WireEvent(.finish, choice: 0, text: reason)) }
        case .messageStop: return .done
        case .ping: break
        case .error: return .error
        case .unknown: return .unreadable
        }
        return .chunk
    }

    private func readStart(_ event: MessagesEvent, into events: inout [WireEvent]) {
        switch event.block {
        case .text, .thinking:
            guard !event.text.range.isEmpty else { return }
            events.append(WireEvent(event.block == .text ? .content : .reasoning, choice: 0, text: event.text))
        case .tool, .serverTool:
            var call = WireEvent(.toolCall, choice: 0, text: event.text)
            call.call = event.index
            call.id = event.id
            call.name = event.name
            call.isNewCall = true
            call.tool = event.block == .tool ? .function : .server
            events.append(call)
        case .other: break
        }
    }

    private mutating func readDelta(
        _ payload: borrowing Span<UInt8>,
        _ event: MessagesEvent,
        into events: inout [WireEvent]
    ) {
        switch event.delta {
        case .text, .thinking:
            guard !event.text.range.isEmpty else { return }
            let said = WireEvent(event.delta == .text ? .content : .reasoning, choice: 0, text: event.text)
            events.append(said)
            shape.learn(payload, saying: said)
        case .arguments:
            // An empty one, as the API sends first, belongs to the call no less.
            var call = WireEvent(.toolCall, choice: 0, text: event.text)
            call.call = event.index
            events.append(call)
        case .signature, .other: break
        }
    }

    public var promptTokens: Int? { told.prompt }

    public var usage: Usage? {
        told.completion.map { Usage(promptTokens: told.prompt ?? 0, completionTokens: $0, isEstimated: false) }
    }

    // MARK: - Passing on

    public var tracksPassing: Bool { true }

    public mutating func pass(_ payload: borrowing Span<UInt8>, justRead: Bool) -> [UInt8]? {
        guard let event = justRead ? last : MessagesEvent(payload) else { return nil }
        let index = shown.index(event.index ?? 0)
        switch event.kind {
        case .messageStart:
            // A gateway that tries again in the middle begins the message anew.
            shown.hasStarted = true
            shown.open = []
            shown.nextIndex = 0
        case .blockStart:
            var block = Block(index: index, kind: event.block)
            if event.block == .tool { block.completion.receive(payload.extracting(event.text.range)) }
            shown.open.append(block)
            shown.nextIndex = max(shown.nextIndex, index &+ 1)
        case .blockDelta:
            guard let place = shown.open.lastIndex(where: { $0.index == index }) else { break }
            if event.delta == .signature { shown.open[place].isSigned = true }
            if event.delta == .arguments {
                var text: [UInt8] = []
                JSONString.decode(payload, event.text, into: &text)
                shown.open[place].completion.receive(text.span)
            }
        case .blockStop: shown.open.removeAll { $0.index == index }
        case .messageDelta: shown.hasStopReason = shown.hasStopReason || event.stopReason != nil
        case .messageStop: shown.hasStopped = true
        case .ping, .error, .unknown: break
        }
        guard let sent = event.index, sent != index else { return nil }
        return payload.replacing([(event.indexRange, index)])
    }

    public mutating func drop(_ payload: borrowing Span<UInt8>) {
        guard let event = MessagesEvent(payload), event.kind == .blockStart, let index = event.index else { return }
        shown.dropped.append(index)
    }

    // MARK: - Ending

    /// Closes the blocks that are open, in the order they were opened, as llama.cpp does. A tool call that was passed on
    /// before it was whole is left open: clients that wait for the end of a block then never run it, and the API itself
    /// ends a cut call so.
    public mutating func ending(of choice: ChoiceProgress, because cause: EndingCause) -> [UInt8] {
        var output: [UInt8] = []
        startIfNeeded(&output)
        var note = choice.hasVisibleText ? nil : cause.note
        if choice.isInsideThink { note = note.map { "</think>\n\n" + $0 } }
        for block in shown.open {
            switch block.kind {
            case .text:
                if let text = note { write(text, toBlock: block.index, &output) }
                note = nil
            case .thinking:
                if !block.isSigned {
                    write("content_block_delta", block.index, &output) {
                        $0.append(#","delta":{"type":"signature_delta","signature":""}"#)
                    }
                }
            case .tool: if !block.completion.isComplete { continue }
            case .serverTool, .other: break
            }
            write("content_block_stop", block.index, &output)
        }
        shown.open = []
        if let note {
            let index = shown.nextIndex
            shown.nextIndex &+= 1
            write("content_block_start", index, &output) {
                $0.append(#","content_block":{"type":"text","text":""}"#)
            }
            write(note, toBlock: index, &output)
            write("content_block_stop", index, &output)
        }
        return output
    }

    public mutating func closing(usage: Usage?, because cause: EndingCause?) -> [UInt8] {
        var output: [UInt8] = []
        if !shown.hasStopReason {
            shown.hasStopReason = true
            NamedEvents.write("message_delta", into: &output) { output in
                output.append(#","delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":{"#)
                output.append(
                    """
                    "input_tokens":\(usage?.promptTokens ?? 0),"output_tokens":\(usage?.completionTokens ?? 0)\
                    \(usage?.isEstimated == true ? ",\"estimated\":true" : "")}
                    """
                )
                cause?.writeGuard(into: &output)
            }
        }
        if !shown.hasStopped {
            shown.hasStopped = true
            NamedEvents.write("message_stop", into: &output)
        }
        return output
    }

    /// Every SDK raises this.
    public func failure(_ message: String) -> [UInt8] {
        var output: [UInt8] = []
        NamedEvents.write("error", into: &output) { output in
            output.append(#","error":{"type":"api_error","message":"#)
            JSONString.encode(message, into: &output)
            output.append("}")
        }
        return output
    }

    /// A `ping`, which clients expect anywhere, even before the message begins.
    public func keepAlive() -> [UInt8]? {
        var output: [UInt8] = []
        NamedEvents.write("ping", into: &output)
        return output
    }

    private mutating func startIfNeeded(_ output: inout [UInt8]) {
        guard !shown.hasStarted else { return }
        shown.hasStarted = true
        NamedEvents.write("message_start", into: &output) { output in
            output.append(#","message":{"id":"#)
            JSONString.encode(id, into: &output)
            output.append(#","type":"message","role":"assistant","model":"#)
            JSONString.encode(model, into: &output)
            output.append(
                #","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}"#
            )
        }
    }

    private func write(_ text: String, toBlock index: Int, _ output: inout [UInt8]) {
        write("content_block_delta", index, &output) { output in
            output.append(#","delta":{"type":"text_delta","text":"#)
            JSONString.encode(text, into: &output)
            output.append("}")
        }
    }

    private func write(
        _ type: String,
        _ index: Int,
        _ output: inout [UInt8],
        members: (inout [UInt8]) -> Void = { _ in }
    ) {
        NamedEvents.write(type, into: &output) { output in
            output.append(",\"index\":\(index)")
            members(&output)
        }
    }
}

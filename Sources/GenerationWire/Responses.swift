import JSONBytes

/// OpenAI Responses: numbered events about items, which hold parts, which hold text.
///
/// Text counts once: deltas are read, and the events that repeat it whole (`….done`, the items of `response.completed`)
/// only where no delta came. Engines leave out what they like: `sequence_number`, `output_index`, parts, the closing of
/// items until the very end. What is left out stays out of an ending too.
public struct Responses: StreamFormat {
    var shown: ResponsesOutput
    /// What was read last.
    private var last: ResponsesEvent?
    public private(set) var usage: Usage?
    /// The items of which text was read or that have been seen, by index or by id.
    private var readItems: [Key] = []
    private var hasItems = false

    private enum Key: Equatable {
        case index(Int)
        case id([UInt8])
    }

    /// Creates the format for one response; the values are used when the engine has sent nothing yet.
    public init(id: String, created: Int, model: String) {
        shown = ResponsesOutput(id: id, created: created, model: model)
    }

    // MARK: - Reading

    public mutating func read(_ payload: borrowing Span<UInt8>, into events: inout [WireEvent]) -> PayloadKind {
        last = nil
        if payload.isDoneMark { return .done }
        guard let event = ResponsesEvent(payload) else { return .unreadable }
        last = event
        usage = event.timings ?? usage
        switch event.kind {
        case .began, .partAdded, .partDone, .other: break
        case .itemAdded:
            hasItems = true
            readItem(payload, event, isDone: false, into: &events)
        case .itemDone:
            hasItems = true
            readItem(payload, event, isDone: true, into: &events)
        case .textDelta(let part):
            noteRead(payload, event)
            guard !event.text.range.isEmpty else { break }
            events.append(WireEvent(part.isReasoning ? .reasoning : .content, choice: 0, text: event.text))
        case .textDone(let part):
            guard !event.text.range.isEmpty, !isRead(payload, event) else { break }
            noteRead(payload, event)
            events.append(WireEvent(part.isReasoning ? .reasoning : .content, choice: 0, text: event.text))
        case .callDelta: events.append(call(event, text: event.text))
        case .callDone:
            var whole = call(event, text: event.text)
            whole.isRepetition = true
            events.append(whole)
            events.append(end(of: whole))
        case .finished: readFinish(payload, event, into: &events)
        case .error: return .error
        case .unknown: return .unreadable
        }
        return .chunk
    }

    /// A fragment of the call that an event is about. Where the engine counts its items the count alone tells them apart:
    /// some gateways give one item another id in every event.
    private func call(_ event: ResponsesEvent, text: JSONReader.StringToken) -> WireEvent {
        var call = WireEvent(.toolCall, choice: 0, text: text)
        call.call = event.outputIndex
        if event.outputIndex == nil { call.id = event.itemID }
        return call
    }

    private func end(of call: WireEvent) -> WireEvent {
        var end = WireEvent(.callEnd, choice: 0)
        end.call = call.call
        end.id = call.id
        return end
    }

    private mutating func readItem(
        _ payload: borrowing Span<UInt8>,
        _ event: ResponsesEvent,
        isDone: Bool,
        into events: inout [WireEvent]
    ) {
        guard let range = event.item else { return }
        let item = ResponsesItem(payload, at: range)
        switch item.kind {
        case .message, .reasoning:
            if item.kind == .message, !isDone { events.append(WireEvent(.role, choice: 0)) }
            var key = event
            key.itemID = item.id
            guard isDone, !isRead(payload, key) else { return }
            readTexts(item, into: &events)
        case .call(let tool):
            var call = call(event, text: .none)
            if event.outputIndex == nil { call.id = item.id }
            call.name = item.name
            call.tool = tool
            if isDone {
                // Arguments that stand in an item that has only begun are a placeholder, or come again as deltas.
                call.text = item.arguments
                call.isRepetition = true
                events.append(call)
                events.append(end(of: call))
            } else {
                call.isNewCall = true
                events.append(call)
            }
        case .other: break
        }
    }

    private func readTexts(_ item: ResponsesItem, into events: inout [WireEvent]) {
        for part in item.texts {
            events.append(WireEvent(part.isReasoning ? .reasoning : .content, choice: 0, text: part.text))
        }
    }

    /// The last event: usage, and the whole output where no item was told before.
    private mutating func readFinish(
        _ payload: borrowing Span<UInt8>,
        _ event: ResponsesEvent,
        into events: inout [WireEvent]
    ) {
        var status = JSONReader.StringToken.none
        var output: Range<Int>?
        var told: Usage?
        if let range = event.response {
            var reader = JSONReader(at: range.lowerBound)
            reader.readObjectOrSkip(payload) { key, reader in
                if payload.equals(key, "status") {
                    status = reader.readStringOrSkip(payload) ?? .none
                } else if payload.equals(key, "output") {
                    output = reader.skipValue(payload)
                } else if payload.equals(key, "usage") {
                    told = Usage(payload, &reader, prompt: "input_tokens", completion: "output_tokens")
                } else {
                    reader.skipValue(payload)
                }
            }
        }
        usage = told ?? usage
        if !hasItems, let output {
            var reader = JSONReader(at: output.lowerBound)
            reader.readArrayOrSkip(payload) { index, reader in
                let item = ResponsesItem(payload, at: reader.skipValue(payload))
                if case .call(let tool) = item.kind {
                    var call = WireEvent(.toolCall, choice: 0, text: item.arguments)
                    call.call = index
                    call.name = item.name
                    call.tool = tool
                    call.isNewCall = true
                    events.append(call)
                    events.append(end(of: call))
                } else {
                    readTexts(item, into: &events)
                }
            }
        }
        events.append(WireEvent(.finish, choice: 0, text: status))
    }

    // MARK: - What was read

    private func isRead(_ payload: borrowing Span<UInt8>, _ event: ResponsesEvent) -> Bool {
        if let index = event.outputIndex { return readItems.contains(.index(index)) }
        guard let id = event.itemID else { return false }
        return readItems.contains(.id(payload.copy(id.range)))
    }

    private mutating func noteRead(_ payload: borrowing Span<UInt8>, _ event: ResponsesEvent) {
        if let index = event.outputIndex {
            // Nearly always the item that the last delta was of.
            if readItems.last != .index(index), !readItems.contains(.index(index)) { readItems.append(.index(index)) }
        } else if let id = event.itemID {
            if case .id(let known) = readItems.last, payload.extracting(id.range).isEqual(to: known) { return }
            let key = Key.id(payload.copy(id.range))
            if !readItems.contains(key) { readItems.append(key) }
        }
    }

    // MARK: - Passing on

    public var tracksPassing: Bool { true }

    public mutating func pass(_ payload: borrowing Span<UInt8>, justRead: Bool) -> [UInt8]? {
        guard let event = justRead ? last : ResponsesEvent(payload) else { return nil }
        return shown.pass(payload, event)
    }

    public mutating func drop(_ payload: borrowing Span<UInt8>) {
        guard let event = ResponsesEvent(payload) else { return }
        shown.drop(event)
    }

    // MARK: - Ending

    public mutating func ending(of choice: ChoiceProgress, because cause: EndingCause) -> [UInt8] {
        var note = choice.hasVisibleText ? nil : cause.note
        if choice.isInsideThink { note = note.map { "</think>\n\n" + $0 } }
        return shown.closeItems(note: note, runID: cause.runID)
    }

    public mutating func closing(usage: Usage?, because cause: EndingCause?) -> [UInt8] {
        shown.finish(usage: usage, because: cause)
    }

    /// An `error` event, which every SDK raises.
    public mutating func failure(_ message: String) -> [UInt8] { shown.failure(message) }

    /// `response.in_progress` once more: Codex waits for events and counts no comments. Before the response has begun
    /// there is none, since the engine's own beginning would be a second one.
    public mutating func keepAlive() -> [UInt8]? { shown.keepAlive() }
}

import GenerationWire
import JSONBytes
import LoopDetection

/// The detectors over one choice of a response: its text, its reasoning, its tool calls.
struct ChoiceGuard: Sendable {
    /// What has been passed on to the client.
    var progress: ChoiceProgress
    /// Whether the engine has finished the choice, passed on or not.
    var hasFinished = false
    /// Whether the guard has ended the choice; what the engine still sends of it is dropped.
    var isCapped = false { didSet { noteOpenCalls() } }
    /// Whether a call is being made whose fate is open; that of a capped choice is decided. What the engine runs itself
    /// cannot be kept from running. Stored: it is asked for every token, and to compute it a choice would be copied.
    private(set) var hasOpenCall = false
    /// How many deltas the engine has sent: the estimate of its tokens.
    private(set) var deltas = 0
    private(set) var calls: [OpenCall] = []
    /// Calls that were judged and that nobody has been told of, by their place.
    private(set) var newCalls: [Int] = []

    private let settings: DetectorSettings
    private let jsonOutput: Bool
    private(set) var content: ChannelMonitor?
    private(set) var reasoning: ChannelMonitor?
    private var tools: ToolCallMonitor
    private var think = ThinkSplitter()
    private var decoded: [UInt8] = []

    init(index: Int, settings: DetectorSettings, jsonOutput: Bool, tools: ToolCallMonitor) {
        progress = ChoiceProgress(index: index)
        self.settings = settings
        self.jsonOutput = jsonOutput
        self.tools = tools
    }

    private mutating func noteOpenCalls() {
        hasOpenCall = !isCapped && lastCall { $0.state == .open && $0.tool != .server } != nil
    }

    /// The last call of which something holds. Asked for every fragment of a call: `lastIndex(where:)` copies each.
    private func lastCall(where holds: (borrowing OpenCall) -> Bool) -> Int? {
        var place = calls.count - 1
        while place >= 0, !holds(calls[place]) { place -= 1 }
        return place < 0 ? nil : place
    }

    /// Whether visible text has come that ends inside a `<think>` still open.
    var isInsideThink: Bool { think.isInside }

    // MARK: - Watching

    /// The last text, at most `limit` bytes of each channel.
    func text(limit: Int) -> StreamText {
        var text = StreamText()
        text.content = content?.lastText(limit) ?? []
        text.reasoning = reasoning?.lastText(limit) ?? []
        text.calls = calls.suffix(StreamText.mostCalls).map(\.shown)
        let whole = (content?.byteCount ?? 0) + (reasoning?.byteCount ?? 0)
        text.isCut = whole > text.content.count + text.reasoning.count || calls.count > text.calls.count
        return text
    }

    mutating func takeJudgedCalls() -> [StreamText.Call] {
        defer { newCalls = [] }
        return newCalls.map { calls[$0].shown }
    }

    // MARK: - Text

    /// Feeds a content delta; returns whether a reader sees anything of it.
    mutating func receiveContent(
        _ payload: borrowing Span<UInt8>,
        _ token: JSONReader.StringToken,
        verdicts: inout [Verdict]
    ) -> Bool {
        deltas += 1
        var isVisible = false
        withText(payload, token) { guarded, text in
            var think = guarded.think
            defer { guarded.think = think }
            think.split(text) { piece, isReasoning in
                if isReasoning {
                    guarded.feedReasoning(piece, &verdicts)
                } else {
                    isVisible = isVisible || piece.hasInk
                    guarded.feedContent(piece, &verdicts)
                }
            }
        }
        return isVisible
    }

    /// Feeds a reasoning delta.
    mutating func receiveReasoning(
        _ payload: borrowing Span<UInt8>,
        _ token: JSONReader.StringToken,
        verdicts: inout [Verdict]
    ) {
        deltas += 1
        withText(payload, token) { guarded, text in guarded.feedReasoning(text, &verdicts) }
    }

    // MARK: - Tool calls

    /// Feeds a fragment of a tool call. A call is judged as soon as its arguments close.
    /// - Returns: The place of the call in ``calls``; `nil` for a fragment that says nothing.
    mutating func receiveCall(
        _ payload: borrowing Span<UInt8>,
        _ event: WireEvent,
        verdicts: inout [Verdict]
    ) -> Int? {
        guard let place = call(for: event, payload) else { return nil }
        defer { noteOpenCalls() }
        let before = verdicts.count
        deltas += 1
        if let name = event.name, !name.range.isEmpty, calls[place].name.isEmpty {
            JSONString.decode(payload, name, into: &calls[place].name)
        }
        guard !event.text.range.isEmpty, calls[place].state == .open else { return place }
        if event.isRepetition, calls[place].completion.hasBegun { return place }
        withText(payload, event.text) { guarded, text in
            guarded.calls[place].completion.receive(text)
            text.append(0..<text.count, to: &guarded.calls[place].arguments)
            guarded.calls[place].monitor.receive(text, verdicts: &verdicts)
        }
        if calls[place].completion.isComplete, calls[place].tool != .custom { judge(place, &verdicts, since: before) }
        return place
    }

    /// Nothing more comes of a call: one that is whole is judged, one that is cut stays open until the response ends.
    /// - Returns: The place of the call in ``calls``; `nil` when what has ended is no call.
    mutating func receiveCallEnd(
        _ payload: borrowing Span<UInt8>,
        _ event: WireEvent,
        verdicts: inout [Verdict]
    ) -> Int? {
        var id: [UInt8] = []
        if let token = event.id { JSONString.decode(payload, token, into: &id) }
        let known = calls.lastIndex {
            if let index = event.call { $0.index == index } else { id.isEmpty || $0.id == id }
        }
        guard let place = known else { return nil }
        defer { noteOpenCalls() }
        calls[place].hasEnded = true
        if calls[place].state == .open, calls[place].isWhole { judge(place, &verdicts, since: verdicts.count) }
        return place
    }

    /// The engine has finished the choice: calls without arguments are judged, cut ones refused, channels closed.
    /// Text that convicts only now cannot stop an engine that has stopped by itself, so it warns at most.
    mutating func finish(verdicts: inout [Verdict]) {
        guard !hasFinished else { return }
        defer { noteOpenCalls() }
        hasFinished = true
        for place in calls.indices where calls[place].state == .open {
            if calls[place].isWhole {
                judge(place, &verdicts, since: verdicts.count)
            } else {
                calls[place].state = .cut
            }
        }
        let firstLate = verdicts.count
        content?.finish(verdicts: &verdicts)
        reasoning?.finish(verdicts: &verdicts)
        for place in verdicts.indices[firstLate...] { verdicts[place].mode = min(verdicts[place].mode, .warn) }
    }

    /// Whether the engine cut a call in the middle.
    var hasCutCall: Bool { calls.contains { $0.state == .cut && $0.tool != .server } }

    /// - Parameter before: Where the verdicts over this call begin.
    private mutating func judge(_ place: Int, _ verdicts: inout [Verdict], since before: Int) {
        calls[place].monitor.finish(verdicts: &verdicts)
        let name = String(decoding: calls[place].name, as: UTF8.self)
        let arguments = calls[place].arguments
        calls[place].arguments = []
        calls[place].shownArguments = Array(arguments.prefix(StreamText.longestArguments))
        newCalls.append(place)
        // The engine's own tools give results within the response: the same call again is no loop for that alone.
        if calls[place].tool != .server {
            tools.completed(name: name, arguments: arguments.span, verdicts: &verdicts)
        }
        let isConvicted = verdicts[before...].contains { $0.mode == .stop }
        calls[place].state = isConvicted ? .convicted : .accepted
    }

    /// Finds the call a fragment belongs to: by index, then by id, then the latest; or begins one.
    private mutating func call(for event: WireEvent, _ payload: borrowing Span<UInt8>) -> Int? {
        var id: [UInt8] = []
        if let token = event.id { JSONString.decode(payload, token, into: &id) }
        if event.isNewCall {
            // Nothing to look for.
        } else if let index = event.call {
            if let place = lastCall(where: { $0.index == index }) {
                // Some engines give every call the index 0: a new id after a whole call begins another.
                let isAnother = !id.isEmpty && id != calls[place].id && calls[place].isWhole
                if !isAnother { return place }
            }
        } else if !id.isEmpty {
            if let place = lastCall(where: { $0.id == id }) { return place }
        } else if !calls.isEmpty, event.name == nil {
            return calls.count - 1
        }
        guard event.isNewCall || event.call != nil || !id.isEmpty || event.name != nil else { return nil }
        calls.append(OpenCall(index: event.call, id: id, tool: event.tool, monitor: makeMonitor(.arguments)))
        return calls.count - 1
    }

    // MARK: - Pieces

    // A channel begins to exist with its first text.

    private mutating func feedContent(_ text: borrowing Span<UInt8>, _ verdicts: inout [Verdict]) {
        if content == nil { content = makeMonitor(.content) }
        content?.receive(text, verdicts: &verdicts)
    }

    private mutating func feedReasoning(_ text: borrowing Span<UInt8>, _ verdicts: inout [Verdict]) {
        if reasoning == nil { reasoning = makeMonitor(.reasoning) }
        reasoning?.receive(text, verdicts: &verdicts)
    }

    private func makeMonitor(_ kind: ChannelKind) -> ChannelMonitor {
        ChannelMonitor(kind: kind, settings: settings, jsonOutput: jsonOutput)
    }

    /// Hands over the text of a token, decoded only where it holds escapes.
    private mutating func withText(
        _ payload: borrowing Span<UInt8>,
        _ token: JSONReader.StringToken,
        _ use: (inout ChoiceGuard, borrowing Span<UInt8>) -> Void
    ) {
        guard token.isEscaped else { return use(&self, payload.extracting(token.range)) }
        var buffer: [UInt8] = []
        swap(&buffer, &decoded)
        buffer.removeAll(keepingCapacity: true)
        JSONString.decode(payload, token, into: &buffer)
        use(&self, buffer.span)
        swap(&buffer, &decoded)
    }
}

extension Span<UInt8> {
    /// Whether any byte is more than whitespace.
    fileprivate var hasInk: Bool {
        for index in indices where self[index] > 0x20 { return true }
        return false
    }
}

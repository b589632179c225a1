import GenerationWire
import JSONBytes
import LoopDetection
import ServerSentEvents

/// What the guard makes of one event.
extension GuardedStream {
    /// - Parameter offset: Where the payload lies in the event; `nil` when it lies elsewhere.
    mutating func decide(
        _ event: borrowing Span<UInt8>,
        payload: borrowing Span<UInt8>,
        at offset: Int?,
        _ outcome: inout Outcome
    ) -> Decision {
        let decision: Decision
        switch format.read(payload, into: &says) {
        case .unreadable:
            unreadEvents += 1
            decision = passOrHold(event)
        case .error:
            decision = passOrHold(event)
        case .done:
            closeChoices(&outcome)
            decision = outcome.trip == nil ? passOrHold(event) : .drop
        case .chunk:
            decision = decideChunk(event, payload: payload, at: offset, &outcome)
        }
        guard tracksPassing, decision == .pass else { return decision }
        guard let rewritten = format.pass(payload, justRead: true) else { return .pass }
        return .replace(event.with(payload: rewritten, inPlaceOf: offset.map { $0..<$0 + payload.count }))
    }

    private mutating func decideChunk(
        _ event: borrowing Span<UInt8>,
        payload: borrowing Span<UInt8>,
        at offset: Int?,
        _ outcome: inout Outcome
    ) -> Decision {
        var endings: [UInt8] = []
        for place in says.indices {
            let index = choice(says[place].choice)
            guard !choices[index].isCapped else { continue }
            feed(index, payload, place)
            guard !found.isEmpty else { continue }
            guard let verdict = takeFound(&outcome) else { continue }
            convict(choices[index].progress.index, verdict)
            choices[index].isCapped = true
            if request.choices > 1 {
                held.drop(choice: choices[index].progress.index)
                endings.append(contentsOf: ending(of: index))
            }
        }
        guard conviction == nil else { return decideCapped(event, payload, endings, &outcome) }
        if let finish = says.first(where: { $0.kind == .finish }) {
            if let dropped = droppingCutCall(finish) { return .replace(dropped) }
            if let offset, let mended = mendingReason(event, payload, finish, offset) {
                let decision = passOrHold(mended.span)
                return decision == .pass ? .replace(mended) : decision
            }
        }
        return passOrHold(event)
    }

    /// Feeds one thing that the engine says to the detectors.
    private mutating func feed(_ index: Int, _ payload: borrowing Span<UInt8>, _ place: Int) {
        let event = says[place]
        switch event.kind {
        case .role: break
        case .content:
            says[place].isVisible = choices[index].receiveContent(payload, event.text, verdicts: &found)
        case .reasoning:
            choices[index].receiveReasoning(payload, event.text, verdicts: &found)
        case .toolCall:
            says[place].place = choices[index].receiveCall(payload, event, verdicts: &found)
        case .callEnd:
            says[place].place = choices[index].receiveCallEnd(payload, event, verdicts: &found)
        case .finish:
            choices[index].finish(verdicts: &found)
        }
    }

    /// Moves the verdicts found into the outcome; returns the first that says stop.
    private mutating func takeFound(_ outcome: inout Outcome) -> Verdict? {
        defer { found.removeAll(keepingCapacity: true) }
        outcome.verdicts.append(contentsOf: found)
        return found.first { $0.mode == .stop }
    }

    /// The engine has ended the response: every choice has ended with it.
    mutating func closeChoices(_ outcome: inout Outcome) {
        for index in choices.indices where !choices[index].isCapped { choices[index].finish(verdicts: &found) }
        if let verdict = takeFound(&outcome) {
            conviction = conviction ?? verdict
            outcome.trip = conviction
        }
    }

    /// The state of the choice with an index, made when the choice first appears.
    private mutating func choice(_ index: Int) -> Int {
        if let known = choices.firstIndex(where: { $0.progress.index == index }) { return known }
        choices.append(
            ChoiceGuard(index: index, settings: settings.detectors, jsonOutput: request.jsonOutput, tools: tools)
        )
        return choices.count - 1
    }

    // MARK: - Passing on

    /// Passes an event on when nothing waits, or lets it wait behind what does. When no call is open any more, all that
    /// waited goes first.
    mutating func passOrHold(_ event: borrowing Span<UInt8>) -> Decision {
        if holdsCalls, choices.contains(where: \.hasOpenCall) {
            held.append(event, saying: says)
            if held.byteCount <= settings.maxHeldBytes { return .drop }
            // Too much to keep: from here on calls pass as they come.
            holdsCalls = false
            unreadEvents += 1
            return .replace(releaseHeld())
        }
        if held.isEmpty {
            for event in says { choices.note(event) }
            return .pass
        }
        held.append(event, saying: says)
        return .replace(releaseHeld())
    }

    /// Lets go what is held back; `mayPass` decides over each thing that the events say.
    mutating func releaseHeld(mayPass: ([ChoiceGuard], WireEvent) -> Bool = { _, _ in true }) -> [UInt8] {
        guard !held.isEmpty else { return [] }
        var (known, format) = (choices, format)
        let tracksPassing = tracksPassing
        let output = held.release { event, says in
            let passes = says.allSatisfy { mayPass(choices, $0) }
            if passes { for said in says { known.note(said) } }
            guard tracksPassing else { return passes ? .pass : .drop }
            return Self.tell(&format, of: event, passes: passes)
        }
        (choices, self.format) = (known, format)
        return output
    }

    /// Tells the format of an event that was held back, and gives the event its numbers.
    private static func tell(
        _ format: inout any StreamFormat,
        of event: borrowing Span<UInt8>,
        passes: Bool
    ) -> Decision {
        var joined: [UInt8] = []
        let data = EventFields(event, joined: &joined).data
        let range: Range<Int>?
        var payload: [UInt8]
        switch data {
        case .none: return passes ? .pass : .drop
        case .line(let line): (range, payload) = (line, event.copy(line))
        case .joined: (range, payload) = (nil, joined)
        }
        if !passes {
            format.drop(payload.span)
            return .drop
        }
        guard let rewritten = format.pass(payload.span, justRead: false) else { return .pass }
        return .replace(event.with(payload: rewritten, inPlaceOf: range))
    }

    /// Only calls that were judged and accepted, and what belongs to no call, may pass.
    var acceptedOnly: ([ChoiceGuard], WireEvent) -> Bool {
        { choices, event in
            guard let place = event.place,
                let choice = choices.first(where: { $0.progress.index == event.choice })
            else { return true }
            return choice.calls[place].state == .accepted || choice.calls[place].tool == .server
        }
    }

    // MARK: - Mending what engines get wrong

    /// When the engine says `tool_calls` over a call that it cut and the rules want it dropped: the end of that choice
    /// without the call.
    private mutating func droppingCutCall(_ finish: WireEvent) -> [UInt8]? {
        guard settings.truncatedCalls == .drop, holdsCalls, !held.isEmpty else { return nil }
        let index = choice(finish.choice)
        guard choices[index].hasCutCall else { return nil }
        if !format.hasChoices { return writeEnding("truncated_tool_call") }
        return releaseHeld(mayPass: acceptedOnly) + ending(of: index, stopReason: "truncated_tool_call")
    }

    /// Finish reasons outside OpenAI's list mislead clients: vLLM says `repetition` when its own guard fires and `abort`
    /// when a request is aborted, which LiteLLM turns into `stop`. Both are cuts.
    private func mendingReason(
        _ event: borrowing Span<UInt8>,
        _ payload: borrowing Span<UInt8>,
        _ finish: WireEvent,
        _ offset: Int
    ) -> [UInt8]? {
        guard settings.mode == .stop, format.hasChoices,
            payload.equals(finish.text, "repetition") || payload.equals(finish.text, "abort")
        else { return nil }
        var mended = event.copy(0..<offset + finish.text.range.lowerBound)
        mended.append(contentsOf: "length".utf8)
        event.append(offset + finish.text.range.upperBound..<event.count, to: &mended)
        return mended
    }

    // MARK: - Several choices

    /// After a conviction: drops what belongs to a capped choice and trips once no choice is left that may go on.
    private mutating func decideCapped(
        _ event: borrowing Span<UInt8>,
        _ payload: borrowing Span<UInt8>,
        _ endings: [UInt8],
        _ outcome: inout Outcome
    ) -> Decision {
        guard request.choices > 1 else {
            outcome.trip = conviction
            return .drop
        }
        let capped = Set(choices.lazy.filter(\.isCapped).map(\.progress.index))
        var output: [UInt8] = []
        if says.isEmpty || says.contains(where: { !capped.contains($0.choice) }) {
            says.removeAll { capped.contains($0.choice) }
            var rest = event.copy(0..<event.count)
            if !says.isEmpty, let payload = OpenAIChoices.removing(capped, from: payload) {
                rest = Array("data: ".utf8) + payload + Array("\n\n".utf8)
            }
            switch passOrHold(rest.span) {
            case .pass: output = rest
            case .drop: break
            case .replace(let bytes): output = bytes
            }
        }
        output.append(contentsOf: endings)
        if choices.count >= request.choices, choices.allSatisfy({ $0.isCapped || $0.progress.isFinished }) {
            outcome.trip = conviction
        }
        return .replace(output)
    }
}

extension [ChoiceGuard] {
    /// Notes that something the engine said has been passed on.
    fileprivate mutating func note(_ event: WireEvent) {
        guard let index = firstIndex(where: { $0.progress.index == event.choice }) else { return }
        switch event.kind {
        case .role: self[index].progress.hasRole = true
        case .content:
            self[index].progress.hasRole = true
            if event.isVisible { self[index].progress.hasVisibleText = true }
        case .reasoning, .toolCall: self[index].progress.hasRole = true
        case .callEnd: break
        case .finish: self[index].progress.isFinished = true
        }
    }
}

extension Span<UInt8> {
    /// The event with another payload in place of the old; an event whose data was on several lines gets one line.
    fileprivate func with(payload: [UInt8], inPlaceOf range: Range<Int>?) -> [UInt8] {
        var output: [UInt8] = []
        if let range {
            append(0..<range.lowerBound, to: &output)
            output.append(contentsOf: payload)
            append(range.upperBound..<count, to: &output)
            return output
        }
        var joined: [UInt8] = []
        if let name = EventFields(self, joined: &joined).name {
            output.append(contentsOf: "event: ".utf8)
            append(name, to: &output)
            output.append(0x0A)
        }
        output.append(contentsOf: "data: ".utf8)
        output.append(contentsOf: payload)
        output.append(contentsOf: "\n\n".utf8)
        return output
    }
}

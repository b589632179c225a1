internal import CurlHTTP
internal import Engines
internal import GenerationWire
internal import TerminalText

/// What the engine does when its client leaves.
extension Examination {
    /// Looking ends some time after the uncut request would have.
    private func limit(_ remaining: Duration) -> Duration { remaining * 1.4 + .seconds(2) }

    private mutating func note(_ subject: String, _ judgement: StopJudgement) -> StopJudgement.Behaviour {
        diagnosis.closing.append(Finding(subject: subject, verdict: judgement.verdict, text: judgement.text))
        return judgement.behaviour
    }

    /// Waits until the engine has nothing left to do, so that one measurement does not spoil the next.
    private func settle() async {
        guard let control else { return }
        switch watch {
        case .gauge, .processor: break
        // Who waits sees the end for himself.
        case .queue, .blind: return
        }
        _ = await watch.look(port, since: .now, limit: control.duration * 1.5 + .seconds(5))
    }

    /// Where nothing can be seen, nothing is asked for.
    private mutating func isBlind(_ subject: String) -> Bool {
        guard case .blind(let why) = watch else { return false }
        _ = note(subject, StopJudgement(.nothing(why), remaining: .zero, after: ""))
        return true
    }

    mutating func leaveMidStream() async -> StopJudgement.Behaviour {
        if isBlind("mid-stream") { return .unknown }
        guard let control else { return .unknown }
        await settle()
        let cut = try? await port.stream(probe(lasting)) { $0.deltas >= Self.begun ? .stop : .goOn }
        guard let cut, cut.response.wasStopped else {
            return note(
                "mid-stream",
                StopJudgement(.nothing("the answer was over too soon"), remaining: .zero, after: "")
            )
        }
        let remaining = control.duration - cut.duration
        let sight = await watch.look(port, since: cut.response.endedAt, limit: limit(remaining))
        return note("mid-stream", StopJudgement(sight, remaining: remaining, after: "the close"))
    }

    mutating func leaveWholeAnswer() async {
        if isBlind("in one piece") { return }
        guard let control else { return }
        await settle()
        var whole = probe(lasting)
        whole.streams = false
        let time = min(control.duration * 0.3, .seconds(2))
        let (closed, wasBusy) = await leave(whole, after: time)
        let sight = await sight(since: closed, wasBusy: wasBusy, remaining: control.duration - time)
        let judgement = StopJudgement(sight, remaining: control.duration - time, after: "the close")
        _ = note("in one piece", judgement)
    }

    /// Leaves before the first token of a long prompt.
    mutating func leaveInPrefill() async -> StopJudgement.Behaviour {
        if isBlind("while reading") { return .unknown }
        guard let control else { return .unknown }
        await settle()
        guard let (words, reading) = await readingTime() else {
            return note(
                "while reading",
                StopJudgement(.nothing("it takes no long prompt"), remaining: .zero, after: "")
            )
        }
        let unread = reading - reading / 3
        guard unread >= StopJudgement.leastRemaining else {
            let why = """
                it reads \(words) words in \(reading.brief), too fast for a close in between; \
                --prompt-words takes longer ones
                """
            return note("while reading", StopJudgement(.nothing(why), remaining: .zero, after: ""))
        }
        await settle()
        var long = probe(lasting)
        long.prompt = ProbeRequest.longPrompt(words: words, then: long.prompt)
        let (closed, wasBusy) = await leave(long, after: reading / 3)
        let writing = control.duration - (control.firstAfter ?? .zero)
        let sight = await sight(since: closed, wasBusy: wasBusy, remaining: unread + writing)
        return note("while reading", StopJudgement(prefill: sight, unread: unread, writing: writing))
    }

    /// How long the engine reads a prompt of about so many words; shorter ones are tried when it takes none so long.
    private func readingTime() async -> (words: Int, time: Duration)? {
        var words = options.promptWords
        while words >= 50 {
            var long = probe(1)
            long.prompt = ProbeRequest.longPrompt(words: words, then: long.prompt)
            if let answer = try? await port.stream(long), let first = answer.begunAfter { return (words, first) }
            words /= 2
        }
        return nil
    }

    /// Closes after a time, and says whether the engine was seen at work before.
    private func leave(_ probe: ProbeRequest, after time: Duration) async -> (ContinuousClock.Instant?, Flag) {
        let wasBusy = Flag()
        let (started, used) = (ContinuousClock.now, watch.scale?.use.used() ?? .zero)
        let closed = await port.leave(probe, after: time) { [watch, port] in
            guard case .gauge(let check, let others) = watch else { return }
            if let load = await IdleWatch.load(check, port), load > others { wasBusy.set() }
        }
        if let scale = watch.scale, scale.isWork((scale.use.used() - used) / (.now - started)) { wasBusy.set() }
        return (closed, wasBusy)
    }

    private func sight(
        since closed: ContinuousClock.Instant?,
        wasBusy: Flag,
        remaining: Duration
    ) async -> StopJudgement.Sight {
        guard let closed else { return .nothing("the answer was whole before the close") }
        let sight = await watch.look(port, since: closed, limit: limit(remaining))
        // An engine that never was seen at work has not been seen to stop.
        switch (watch, sight) {
        case (.gauge, .idle) where !wasBusy.isSet, (.processor, .idle) where !wasBusy.isSet:
            return .nothing("it was not seen at work on the request before the close")
        default: return sight
        }
    }
}

extension StopJudgement {
    /// The judgement on a close while a prompt was read.
    /// - Parameters:
    ///   - unread: How long the rest of the prompt takes.
    ///   - writing: How long the answer takes after it.
    init(prefill sight: Sight, unread: Duration, writing: Duration) {
        guard case .idle(let time) = sight, time >= unread * Self.stopShare else {
            let rest = if case .idle = sight { unread } else { unread + writing }
            self.init(sight, remaining: rest, after: "the close")
            return
        }
        self.init(sight, remaining: unread + writing, after: "the close")
        let late = "idle only \(time.brief) after the close"
        if behaviour == .stopped, time < unread * Self.endShare {
            isLate = true
            text = "\(late), in the \(unread.brief) that the rest of the prompt takes"
            return
        }
        let reading = "\(late): it read the rest of the prompt first (\(unread.brief))"
        if time >= unread * Self.endShare, time < unread + writing * Self.stopShare {
            (behaviour, isLate) = (.stopped, true)
            text = reading + ", then stopped"
        } else if writing < unread * 0.5 {
            // Reading takes so long that nobody can tell whether the little writing came after it.
            (behaviour, isLate) = (.unknown, true)
            text = reading + "; whether it wrote the answer too cannot be told"
        }
    }
}

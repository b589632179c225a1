internal import CurlHTTP
internal import Engines
internal import GenerationWire
internal import TerminalText

/// One examination, step by step. Later steps need what earlier ones have measured.
struct Examination {
    let port: EnginePort
    let adapter: EngineAdapter
    let options: Doctor.Options
    var diagnosis: Diagnosis

    /// From a short request to its first piece of text, while the engine has nothing else to do.
    var idleFirst = Duration.zero
    /// Tokens asked for where a generation is to last, and the generation that was let run to its end.
    var lasting = 0
    var control: StreamedAnswer?
    var watch = IdleWatch.blind("nothing was tried")
    /// Whether one request waits for the other.
    var takesTurns = false
    /// What it uses of this machine's processors; `nil` when that tells nothing.
    var scale: ProcessorScale?
    /// Whether one request ends the other.
    var interrupts = false
    /// Whether the answers come through a loopguard.
    var isGateway: Bool { control?.response[header: "X-Loopguard-Run-Id"] != nil }

    /// Pieces of text after which a stream counts as begun.
    static let begun = 3

    init(_ port: EnginePort, _ acquaintance: Acquaintance, _ options: Doctor.Options) {
        self.port = port
        self.options = options
        adapter = acquaintance.adapter
        diagnosis = Diagnosis(
            url: options.url,
            engine: adapter.name,
            recognisedBy: acquaintance.recognisedBy,
            models: acquaintance.models,
            model: options.model ?? acquaintance.models.first
                // What mlx-lm calls the model that it was started with; it would download any other.
                ?? (adapter.name == "mlx-lm" ? "default_model" : "default"),
            format: options.format.rawValue,
            traps: adapter.traps.map { "\($0.text) [\($0.source)]" }
        )
    }

    func probe(_ maxTokens: Int) -> ProbeRequest {
        var probe = ProbeRequest(options.format, model: diagnosis.model, maxTokens: min(maxTokens, options.maxTokens))
        if let prompt = options.prompt { probe.prompt = prompt }
        probe.ignoresEnd = ["embedded", "llama.cpp", "vllm", "sglang", "lmdeploy"].contains(adapter.name)
        return probe
    }

    mutating func run(_ tell: (String) -> Void) async throws(DoctorError) {
        tell("asking for a few tokens")
        try await warmUp()
        tell("asking for answers in one piece")
        await askForWholeAnswers()
        tell("letting a generation run to its end")
        try await runToTheEnd()
        if let control { diagnosis.wire += WireFindings.stream(control, probe(lasting)) }
        tell("finding out how its work can be seen")
        await findSight()
        lookAtProcessor()
        tell("leaving in the middle of a stream")
        let midStream = await leaveMidStream()
        tell("leaving while it reads a prompt")
        let prefill = await leaveInPrefill()
        tell("leaving while it writes an answer in one piece")
        await leaveWholeAnswer()
        if !adapter.cancels.isEmpty, !isGateway {
            tell("cancelling in its own way")
            await cancelInItsWay()
        }
        diagnosis.stopsOnClose =
            switch (midStream, prefill) {
            case (.wentOn, _), (_, .wentOn): false
            case (.stopped, _): true
            case (.unknown, _): nil
            }
        advise(midStream, prefill)
    }

    // MARK: - On the wire

    /// Two short generations: the first may have to load the model. The faster pace counts, since a busy machine only ever
    /// makes one slower.
    private mutating func warmUp() async throws(DoctorError) {
        for _ in 0..<2 {
            let answer = try await mustAnswer(probe(16))
            guard let first = answer.firstAfter else {
                throw .mute(
                    "\(port.url)\(probe(16).path) answers with a stream that holds no text: try another --model"
                )
            }
            idleFirst = first
            // The pace of a short answer is a guess that the long one corrects.
            let pace = answer.reading.pace ?? .milliseconds(20)
            let wanted = Int(options.wantedDuration / max(pace, .microseconds(100)))
            lasting = max(lasting, min(max(24, wanted), options.maxTokens))
        }
    }

    private func mustAnswer(_ probe: ProbeRequest) async throws(DoctorError) -> StreamedAnswer {
        let answer: StreamedAnswer
        do throws(HTTPError) { answer = try await port.stream(probe) } catch { throw .unreachable(error) }
        guard let failure = answer.failure else { return answer }
        let advice =
            switch answer.response.status {
            case 401, 403: "send its key with --header 'Authorization: Bearer KEY'"
            case 404: "try another --format or --model"
            default: "try another --model"
            }
        throw .mute("\(port.url)\(probe.path): \(failure.printable); \(advice)")
    }

    /// The answers come over one connection, if the engine keeps it.
    private mutating func askForWholeAnswers() async {
        var short = probe(8)
        short.streams = false
        do throws(HTTPError) {
            let answers = try await port.http.sendInTurn([port.request(short), port.request(short)])
            diagnosis.wire.append(WireFindings.whole(answers[0], short.format))
            diagnosis.wire.append(WireFindings.keepAlive(answers[1]))
        } catch {
            diagnosis.wire.append(Finding(subject: "in one piece", verdict: .bad, text: "\(error)"))
        }
    }

    /// The generation that nobody disturbs, again with more tokens as long as it is over much sooner than it should be.
    private mutating func runToTheEnd() async throws(DoctorError) {
        for _ in 0..<3 {
            try await runUndisturbed()
            guard let control, control.reading.finishReason == "length", lasting < options.maxTokens,
                control.duration < options.wantedDuration * 0.6
            else { return }
            let factor = min(8, options.wantedDuration / max(control.duration, .milliseconds(10)))
            lasting = min(Int(Double(lasting) * factor), options.maxTokens)
        }
    }

    /// One generation that nobody disturbs, and the look at the engine's page of load while it works.
    private mutating func runUndisturbed() async throws(DoctorError) {
        let long = probe(lasting)
        var gauges: [(check: IdleCheck, others: Int, peak: Int, answer: Duration)] = []
        for check in adapter.idleness {
            let asked = ContinuousClock.now
            guard let load = await IdleWatch.load(check, port) else { continue }
            gauges.append((check, load, load, .now - asked))
        }
        // No more than a look, so it is taken even where a page tells the load.
        let processor = ProcessorUse(url: port.url)
        let rest = await processor?.share(over: .milliseconds(500)) ?? 0
        let (started, used) = (ContinuousClock.now, processor?.used() ?? .zero)
        let result = await port.during(long) {
            for index in gauges.indices {
                if let load = await IdleWatch.load(gauges[index].check, port) {
                    gauges[index].peak = max(gauges[index].peak, load)
                }
            }
        }
        if let processor {
            let work = (processor.used() - used) / (.now - started)
            scale = ProcessorScale(processor, rest: rest, work: work)
        }
        let answer: StreamedAnswer
        do throws(HTTPError) { answer = try result.get() } catch { throw .unreachable(error) }
        if let failure = answer.failure { throw .mute("\(port.url)\(long.path): \(failure.printable)") }
        control = answer
        guard let gauge = gauges.first(where: { $0.peak > $0.others }) else {
            let paths = adapter.idleness.map(\.request.path).joined(separator: ", ")
            watch = .blind(
                paths.isEmpty
                    ? "it has no page that tells its load"
                    : gauges.isEmpty
                        ? "its page of load (\(paths)) does not answer; see below how it is turned on"
                        : "its page of load (\(paths)) shows nothing of a generation under way"
            )
            return
        }
        watch = .gauge(gauge.check, others: gauge.others)
        let others = gauge.others > 0 ? ", and \(gauge.others.counted("request")) of others while this one rests" : ""
        diagnosis.sight =
            "GET \(gauge.check.request.path) tells it, in \(gauge.answer.brief); \(gauge.peak) at most\(others)"
    }

    // MARK: - How its work is seen

    /// Where no page tells the load, a second request may: an engine that takes turns lets it wait.
    private mutating func findSight() async {
        guard case .blind(let why) = watch else { return }
        let short = probe(1)
        let long = probe(lasting)
        let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
        let running = Task { [port] in
            defer { beginning.finish() }
            return await port.attempt(long) { reading in
                if reading.deltas >= Self.begun { beginning.finish() }
                return .goOn
            }
        }
        for await _ in begun {}
        let asked = ContinuousClock.now
        let second = await port.attempt(short)
        guard let control else { return }
        let first: StreamedAnswer
        let waited: Duration
        switch (await running.value, second) {
        case (.success(let one), .success(let two)) where one.isWhole(besides: control):
            first = one
            waited = two.begunAfter ?? two.duration
        case (.success, .success): return noteInterruption(why, "cut the one under way short")
        case (.failure(let error), .success) where error.kind == .brokenOff:
            return noteInterruption(why, "broke the one under way off")
        case (.failure(let error), _), (_, .failure(let error)):
            watch = .blind("\(why), and with two requests at a time one failed (\(error))")
            diagnosis.sight = "cannot be seen: \(why), and with two requests at a time one failed (\(error))"
            return
        }
        let rest = first.response.endedAt - asked
        guard rest >= .seconds(1) else {
            watch = .blind("\(why), and its answers are over too soon to see one request wait for another")
            diagnosis.sight = "cannot be seen: \(why), and its answers are over too soon to see one wait for another"
            return
        }
        takesTurns = waited > idleFirst + rest * 0.5
        let beside = "a second request beside a running one waited \(waited.brief), \(idleFirst.brief) when idle"
        if takesTurns {
            watch = .queue(short, idle: idleFirst)
            diagnosis.sight = "no page tells it, but it takes one request at a time: \(beside)"
        } else {
            watch = .blind("\(why), and it answers several requests at a time (\(beside))")
            diagnosis.sight = "cannot be seen: \(why); \(beside)"
        }
    }

    /// Where neither a page nor who waits tells its load, the use of the processor may.
    private mutating func lookAtProcessor() {
        guard case .blind = watch, let scale else { return }
        watch = .processor(scale)
        let (work, rest) = ((scale.work * 100).rounded() / 100, (scale.rest * 100).rounded() / 100)
        diagnosis.sight = """
            no page tells it, but its use of this machine's processors does: \(work) of one at work, \(rest) at rest \
            (\(scale.use.name), process \(scale.use.pid))
            """
    }

    private mutating func noteInterruption(_ why: String, _ what: String) {
        interrupts = true
        watch = .blind("\(why), and a second request ends the first, so none can watch another")
        diagnosis.sight = "cannot be seen: \(why)"
        diagnosis.wire.append(Finding(subject: "two at a time", verdict: .bad, text: "a second request \(what)"))
    }
}

extension StreamedAnswer {
    /// Whether the answer is about as long as the same one was when nobody disturbed it.
    fileprivate func isWhole(besides control: StreamedAnswer) -> Bool {
        reading.finishReason != nil && reading.deltas * 2 >= control.reading.deltas
    }
}

internal import CurlHTTP
internal import Engines
internal import GenerationWire
internal import TerminalText

/// What the engine's own way of cancelling does.
extension Examination {
    /// Cancels a stream whose connection stays open, in each way that the engine is said to have until one exists.
    mutating func cancelInItsWay() async {
        guard let control else { return }
        for call in adapter.cancels {
            var long = probe(lasting)
            let name = long.name(adapter.naming)
            let (begun, beginning) = AsyncStream.makeStream(of: StreamReading.self)
            let running = Task { [port, long] in
                defer { beginning.finish() }
                return try? await port.stream(long) { reading in
                    if reading.deltas >= Self.begun {
                        beginning.yield(reading)
                        beginning.finish()
                    }
                    return .goOn
                }
            }
            var reading: StreamReading?
            for await begun in begun { reading = begun }
            guard let reading, let id = name ?? reading.id.flatMap({ EngineRunID($0) }) else {
                running.cancel()
                let text = "cannot be told: the engine gave its generation no name"
                diagnosis.cancelling.append(Finding(subject: "its name", verdict: .unknown, text: text))
                return
            }
            let request = call.request(id)
            let asked = ContinuousClock.now
            let effect = await effect(of: call, request)
            if effect == .unsupported || effect == .failed { running.cancel() }
            let answer = await running.value
            let line = "\(request.method) \(request.path.replacing(id.text, with: "ID"))"
            diagnosis.cancelling.append(
                Self.finding(effect, answer, asked: asked, remaining: control.duration, control, line)
            )
            if effect != .unsupported { return }
        }
    }

    private func effect(of call: CancelCall, _ request: EngineRequest) async -> CancelEffect {
        guard let answer = try? await port.ask(request) else { return .failed }
        return call.meaning(answer)
    }

    private static func finding(
        _ effect: CancelEffect,
        _ answer: StreamedAnswer?,
        asked: ContinuousClock.Instant,
        remaining: Duration,
        _ control: StreamedAnswer,
        _ line: String
    ) -> Finding {
        switch effect {
        case .unsupported: return Finding(subject: "cancel", verdict: .odd, text: "\(line): it has no such way")
        case .failed: return Finding(subject: "cancel", verdict: .bad, text: "\(line): refused, or not answered")
        case .notFound:
            return Finding(subject: "cancel", verdict: .bad, text: "\(line): it does not know the run by this name")
        case .stopped, .accepted: break
        }
        guard let answer else {
            return Finding(subject: "cancel", verdict: .odd, text: "\(line): taken; the stream broke off")
        }
        let rest = control.duration - (asked - answer.response.beganAt)
        let sight = StopJudgement.Sight.idle(after: max(.zero, answer.response.endedAt - asked))
        var judgement = StopJudgement(sight, remaining: rest, after: "the cancel")
        judgement.text = judgement.text.replacing("idle", with: "the stream ended", maxReplacements: 1)
        let end = answer.reading.finishReason.map { "with finish reason \($0)" } ?? "without a finish reason"
        let verdict: Finding.Verdict =
            judgement.behaviour == .stopped && answer.reading.finishReason == nil ? .odd : judgement.verdict
        return Finding(subject: "cancel", verdict: verdict, text: "\(line): taken; \(judgement.text), \(end)")
    }
}

extension ProbeRequest {
    /// Gives the run a name in the engine's own way.
    /// - Returns: The name by which the engine will know it; `nil` when only the engine can tell.
    mutating func name(_ naming: RunNaming) -> EngineRunID? {
        switch naming {
        case .none, .firstChunk: return nil
        case .header(let header, let prefixes):
            let id = EngineRunID.random()
            headers.append((header, id.text))
            let prefix = prefixes.first { path.hasSuffix($0.path) }?.prefix ?? ""
            return id.prefixed(prefix)
        case .field(let name):
            let id = EngineRunID.random()
            self.naming = #","\#(name)":"\#(id)""#
            return id
        case .numberField(let name):
            let id = EngineRunID.randomNumber()
            self.naming = #","\#(name)":\#(id)"#
            return id
        case .runID:
            let id = EngineRunID.random()
            headers.append(("X-Loopguard-Run-Id", id.text))
            return id
        }
    }
}

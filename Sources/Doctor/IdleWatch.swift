internal import CurlHTTP
internal import Engines
internal import TerminalText

/// How it is seen whether the engine works.
enum IdleWatch: Sendable {
    /// A page of its own tells its load; so much of it is other people's.
    case gauge(IdleCheck, others: Int)
    /// It takes one request at a time, so a request after the cut waits as long as the cut one is worked on. An idle
    /// engine gives the first token after `idle`.
    case queue(ProbeRequest, idle: Duration)
    /// It runs on this machine, and uses the processor while it works.
    case processor(ProcessorScale)
    /// It cannot be seen.
    case blind(String)

    var scale: ProcessorScale? { if case .processor(let scale) = self { scale } else { nil } }

    /// Looks until the engine is idle.
    /// - Parameters:
    ///   - start: When the cut was.
    ///   - limit: How long to look at most.
    func look(_ port: EnginePort, since start: ContinuousClock.Instant, limit: Duration) async -> StopJudgement.Sight {
        switch self {
        case .blind(let why): return .nothing(why)
        case .processor(let scale): return await scale.look(since: start, limit: limit)
        case .gauge(let check, let others):
            var idleSince: ContinuousClock.Instant?
            var pause = Duration.milliseconds(5)
            while !Task.isCancelled {
                let load = await Self.load(check, port)
                let now = ContinuousClock.now
                if let load, load <= others {
                    // Twice in a row, so that a page that lags behind does not decide alone.
                    if let idleSince { return .idle(after: idleSince - start) }
                    idleSince = now
                } else if load != nil {
                    idleSince = nil
                }
                if now - start > limit {
                    return load == nil ? .nothing("its page of load is gone") : .busy(for: now - start)
                }
                try? await Task.sleep(for: pause)
                pause = min(pause * 1.2, .milliseconds(100))
            }
            return .nothing("the examination was interrupted")
        case .queue(let probe, let idle):
            do throws(HTTPError) {
                let answer = try await port.stream(probe)
                guard let first = answer.reading.begunAt else {
                    return .nothing("the request after it got no answer (\(answer.failure ?? "no text"))")
                }
                return .idle(after: max(.zero, first - start - idle))
            } catch {
                return .nothing("the request after it failed: \(error)")
            }
        }
    }

    /// What a page says at the moment.
    static func load(_ check: IdleCheck, _ port: EnginePort) async -> Int? {
        guard let answer = try? await port.ask(check.request) else { return nil }
        switch check.load(answer, nil) {
        case .total(let count)?: return count
        case .run(let isBusy)?: return isBusy ? 1 : 0
        case nil: return nil
        }
    }
}

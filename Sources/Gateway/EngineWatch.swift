internal import CoreMetrics
internal import Engines
internal import Logging
internal import Metrics
internal import NIOCore
internal import Synchronization

/// Knows which engine is at the other end. Requests never wait for it: until it is known the engine is a generic one.
final class EngineWatch: Sendable {
    private struct State {
        var adapter: EngineAdapter
        var task: Task<Void, Never>?
        var isOver = false
    }

    private let state: Mutex<State>
    private let client: EngineClient
    private let limit: Duration
    private let logger: Logger
    private let asks: Bool

    /// The pauses between attempts to reach an engine, the last of which is repeated.
    private static let pauses: [Duration] = [.milliseconds(250), .seconds(1), .seconds(4), .seconds(15), .seconds(30)]

    init(configuration: GatewayConfiguration, client: EngineClient) {
        self.client = client
        limit = configuration.cancelTimes.answer
        logger = configuration.logger
        switch configuration.engine {
        case .recognised:
            asks = true
            state = Mutex(State(adapter: .generic))
        case .named(let adapter):
            asks = false
            state = Mutex(State(adapter: adapter))
        }
        show(adapter, is: true)
    }

    /// Says in the metrics which engine it is.
    private func show(_ adapter: EngineAdapter, is isThisOne: Bool) {
        Meter(label: "loopguard_engine_info", dimensions: [("engine", adapter.name)]).set(isThisOne ? 1 : 0)
    }

    /// What is known of the engine.
    var adapter: EngineAdapter { state.withLock { $0.adapter } }

    /// Begins to ask, unless it is settled which engine it is or somebody asks already. Also called when the engine could
    /// not be reached: what comes back may be another.
    func recognise() {
        guard asks else { return }
        state.withLock { state in
            guard state.task == nil, !state.isOver else { return }
            state.task = Task { [self] in
                await askUntilAnswered()
                self.state.withLock { $0.task = nil }
            }
        }
    }

    /// Asks no more.
    func stop() async {
        let task = state.withLock { state in
            state.isOver = true
            return state.task
        }
        task?.cancel()
        await task?.value
    }

    private func askUntilAnswered() async {
        for attempt in 0... {
            if let adapter = await ask() { return settle(adapter) }
            let pause = Self.pauses[min(attempt, Self.pauses.count - 1)]
            guard (try? await Task.sleep(for: pause)) != nil else { return }
        }
    }

    /// Puts every question once; `nil` when the engine is not up yet.
    private func ask() async -> EngineAdapter? {
        var recognition = EngineRecognition()
        var isUp = false
        while let path = recognition.question, !Task.isCancelled {
            switch await client.ask(EngineRequest("GET", path), within: limit, isPatient: false) {
            case .refused: return nil
            case .silence: recognition.take(nil)
            case .answer(let answer):
                // 503 is what engines say that still load their model.
                if answer.status != 503 { isUp = true }
                recognition.take(answer)
            }
        }
        let isKnown = recognition.engine.name != EngineAdapter.generic.name
        return isKnown || isUp ? recognition.engine : nil
    }

    private func settle(_ adapter: EngineAdapter) {
        let last = state.withLock { state in
            defer { state.adapter = adapter }
            return state.adapter
        }
        show(last, is: false)
        show(adapter, is: true)
        let isKnown = adapter.name != EngineAdapter.generic.name
        guard isKnown || adapter.name != last.name else {
            return logger.notice("the engine is not recognised; name it with --engine if it is one of those known")
        }
        logger.notice("the engine is recognised", metadata: ["engine": "\(adapter.name)"])
    }
}

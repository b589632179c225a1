public import Cancellation
private import Logging
public import NIOCore
private import Synchronization

/// A small generation server that speaks OpenAI's API: a scheduler with continuous batching around a language model,
/// and HTTP in front of it.
///
/// ```swift
/// let engine = EmbeddedEngine()
/// let address = try await engine.start()
/// …
/// engine.cancel(id: "r1", reason: .userStop)
/// await engine.shutdown()
/// ```
///
/// Every sequence has a `CancelFlag` that the scheduler reads at the top of each step. It is set by
/// ``cancel(id:reason:)``, by `POST /v1/requests/{id}/cancel` and `DELETE /v1/requests/{id}`, and as soon as the client of the request goes
/// away. A request answers to the id in its `X-Request-Id` header, to the id of its chunks, and to the id in its
/// `X-Loopguard-Run-Id` header.
public final class EmbeddedEngine: Sendable {
    /// Why an engine cannot be started.
    public enum StartError: Error, CustomStringConvertible {
        /// It was started before; an engine runs once.
        case alreadyStarted
        /// A value of the configuration makes no sense.
        case invalidConfiguration(String)

        public var description: String {
            switch self {
            case .alreadyStarted: "The engine was started before. Make a new one to start again."
            case .invalidConfiguration(let problem): "The engine's configuration is wrong: \(problem)."
            }
        }
    }

    private enum State {
        case ready
        case starting
        case running(Scheduler, Listener)
        case ended
    }

    private let configuration: EngineConfiguration
    private let registry: Registry
    private let state = Mutex(State.ready)

    /// Creates an engine that does nothing yet.
    public init(configuration: EngineConfiguration = EngineConfiguration()) {
        self.configuration = configuration
        registry = Registry(history: configuration.history)
    }

    /// Loads the model, starts the scheduler's thread and listens.
    /// - Returns: The address it listens on, with the port that the system chose when 0 was asked for.
    /// - Throws: ``StartError``, ``ModelError`` when the model that comes with the package cannot be read, or the
    ///   system's error when the address cannot be had.
    @discardableResult
    public func start() async throws -> SocketAddress {
        if let problem = configuration.problem { throw StartError.invalidConfiguration(problem) }
        try state.withLock { state in
            guard case .ready = state else { throw StartError.alreadyStarted }
            state = .starting
        }
        let model = try configuration.model ?? LlamaModel.small()
        let scheduler = Scheduler(model: model, configuration: configuration, registry: registry)
        let engine = Engine(configuration: configuration, model: model, registry: registry, scheduler: scheduler)
        do {
            let listener = try await Listener(engine)
            state.withLock { $0 = .running(scheduler, listener) }
            configuration.logger.info(
                "engine listens",
                metadata: ["address": "\(listener.address)", "model": "\(model.name)"]
            )
            return listener.address
        } catch {
            await scheduler.stop()
            state.withLock { $0 = .ended }
            throw error
        }
    }

    /// Sets the cancel flags of a request, without a detour over the network.
    /// - Parameter id: Any of the request's ids.
    /// - Returns: Whether this call decided it: `false` when the request is unknown, has ended, or has a reason already.
    @discardableResult
    public func cancel(id: String, reason: EndReason) -> Bool {
        guard registry.cancel(id, reason) == .cancelled else { return false }
        if case .running(let scheduler, _) = state.withLock(\.self) { scheduler.wake() }
        return true
    }

    /// What the engine is doing and has done lately.
    public func status() -> EngineStatus { registry.status }

    /// Ends every sequence with the reason `shutdown`, lets the connections write what is left, and stops.
    public func shutdown() async {
        let running: (Scheduler, Listener)? = state.withLock { state in
            guard case .running(let scheduler, let listener) = state else { return nil }
            state = .ended
            return (scheduler, listener)
        }
        guard let (scheduler, listener) = running else { return }
        await listener.stopListening()
        await scheduler.stop()
        await listener.close(grace: configuration.shutdownGrace)
    }
}

internal import Dispatch
internal import Engines
internal import NIOCore
internal import NIOPosix
internal import Runs
internal import Synchronization

/// What all connections of a gateway share.
final class GatewayContext: Sendable {
    let configuration: GatewayConfiguration
    /// Asks the engine what is not on the data path.
    let calls: EngineClient
    let engine: EngineWatch
    let work = EngineWork()
    let ladders = Ladders()
    let gate: Gate?
    let metrics = GatewayMetrics()
    let registry = RunRegistry()
    let refusals = StreamRefusals()
    let memory = ConversationMemory()
    let access: ControlAccess
    /// Where recordings are marked, one after the other: what a run is said to be last stands last in the file.
    let marking = DispatchQueue(label: "loopguard.marking")
    /// The time in Unix seconds.
    let started = WallClock.now
    private let shuttingDown = Atomic<Bool>(false)
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    /// - Parameter group: Where the engine is asked what is not on the data path.
    init(
        configuration: GatewayConfiguration,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.configuration = configuration
        access = ControlAccess(configuration)
        calls = EngineClient(upstream: configuration.upstream, group: group)
        engine = EngineWatch(configuration: configuration, client: calls)
        gate = configuration.maxConcurrent.map { Gate(places: $0, maxWaiting: configuration.maxQueued) }
    }

    /// The engine as it was recognised.
    var engineName: String { engine.adapter.name }

    var isShuttingDown: Bool { shuttingDown.load(ordering: .acquiring) }

    /// - Returns: Whether this is the first call.
    func beginShutdown() -> Bool { !shuttingDown.exchange(true, ordering: .acquiringAndReleasing) }

    var clients: [any Channel] { channels.withLock { Array($0.values) } }
    func add(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = channel } }
    func remove(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = nil } }
}

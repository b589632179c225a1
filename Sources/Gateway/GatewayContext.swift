internal import NIOCore
internal import Runs
internal import Synchronization

/// What all connections of a gateway share.
final class GatewayContext: Sendable {
    let configuration: GatewayConfiguration
    let metrics = GatewayMetrics()
    let registry = RunRegistry()
    let refusals = StreamRefusals()
    let memory = ConversationMemory()
    let access: ControlAccess
    /// The time in Unix seconds.
    let started = WallClock.now
    private let shuttingDown = Atomic<Bool>(false)
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(configuration: GatewayConfiguration) {
        self.configuration = configuration
        access = ControlAccess(configuration)
    }

    /// The engine as it was recognised.
    var engineName: String { "generic" }

    var isShuttingDown: Bool { shuttingDown.load(ordering: .acquiring) }

    /// - Returns: Whether this is the first call.
    func beginShutdown() -> Bool { !shuttingDown.exchange(true, ordering: .acquiringAndReleasing) }

    var clients: [any Channel] { channels.withLock { Array($0.values) } }
    func add(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = channel } }
    func remove(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = nil } }
}

/// What a stop leaves behind, so that what comes after it is refused.
public struct Tombstone: Sendable, Equatable {
    /// The run that was stopped.
    public var run: String
    /// When, in nanoseconds of the caller's clock.
    public var at: UInt64
    /// Nodes that are refused, and everything below them, for as long as this is remembered.
    var nodes: Set<NodeKey>
    /// The main node of a conversation, which is refused for a moment only: its client goes on by itself within
    /// milliseconds of a cut, a person takes longer.
    var main: NodeKey?
    /// Whether a person has spoken to the main node since.
    var graceIsOver = false
    /// Until when the main node is refused, and one cleanup call is let through.
    var graceEnds: UInt64
    /// When this is forgotten.
    var expires: UInt64
    /// Whether nodes that keep asking keep this from being forgotten.
    var renews: Bool
    /// Whether the one call that a stopped run may make has been made.
    var cleanupIsSpent = false
}

/// The tombstones that have not expired, in a bounded number.
///
/// Whoever holds them asks with the node of a request and with everything above it, and tells the time; there is no clock
/// here. The answer is looked up by node, so that it costs the same however many stops there were.
public struct Tombstones: Sendable {
    /// How long a stopped id is refused.
    public static let memory: UInt64 = 600_000_000_000
    /// How long a conversation's main agent is refused, and a cleanup call let through.
    ///
    /// A judgement: clients were measured to ask again within milliseconds of a cut, and nobody types within three
    /// seconds what is worth sending.
    public static let grace: UInt64 = 3_000_000_000
    /// The most stops that are remembered; the oldest goes first.
    public static let capacity = 1_024
    /// The most nodes that all of them name together.
    static let nodeCapacity = 65_536

    private var stones: [UInt64: Tombstone] = [:]
    /// The stones that name a node.
    private var index: [NodeKey: [UInt64]] = [:]
    /// The oldest first.
    private var row = Row<UInt64>()
    private var named = 0
    private var next: UInt64 = 0

    /// None yet.
    public init() {}

    /// How many are remembered, those included that have expired and were not asked for since.
    public var count: Int { stones.count }

    /// Remembers a stop.
    /// - Parameters:
    ///   - run: The run that was stopped.
    ///   - nodes: What is refused from now on, with everything below it.
    ///   - main: What is refused for a moment only, with everything below it.
    ///   - isStrict: Whether the nodes are ids that never return for other work.
    mutating func put(run: String, nodes: Set<NodeKey>, main: NodeKey?, isStrict: Bool, at now: UInt64) -> Tombstone {
        let stone = Tombstone(
            run: run,
            at: now,
            nodes: nodes,
            main: main,
            graceEnds: now &+ Self.grace,
            expires: now &+ Self.memory,
            renews: !isStrict
        )
        next += 1
        stones[next] = stone
        row.append(next)
        for node in stone.named { index[node, default: []].append(next) }
        named += stone.named.count
        while let oldest = row.first, let old = stones[oldest], oldest != next,
            old.expires <= now || stones.count > Self.capacity || named > Self.nodeCapacity
        {
            forget(oldest, old)
        }
        return stone
    }

    /// The stop that a request falls under, the earliest of them; `nil` when it may pass.
    ///
    /// A person's message to the main node ends its grace at once. A cleanup call passes once.
    /// - Parameters:
    ///   - key: The node of the request.
    ///   - line: The node and everything above it.
    mutating func refusal(
        of key: NodeKey,
        in line: [NodeKey],
        isHumanTurn: Bool,
        isCleanup: Bool,
        at now: UInt64
    ) -> Tombstone? {
        if stones.isEmpty { return nil }
        var named: [UInt64] = []
        for node in line {
            for id in index[node] ?? [] where !named.contains(id) { named.append(id) }
        }
        if named.isEmpty { return nil }
        named.sort()
        if isHumanTurn {
            for id in named where stones[id]?.main == key { stones[id]?.graceIsOver = true }
        }
        let inForce = named.filter { stones[$0]?.refuses(line, at: now) == true }
        guard let first = inForce.first else { return nil }
        if isCleanup, inForce.allSatisfy({ stones[$0]?.allowsCleanup(at: now) == true }) {
            for id in inForce { stones[id]?.cleanupIsSpent = true }
            return nil
        }
        for id in inForce where stones[id]?.renews == true { stones[id]?.expires = now &+ Self.memory }
        return stones[first]
    }

    private mutating func forget(_ id: UInt64, _ stone: Tombstone) {
        _ = row.popFirst()
        stones[id] = nil
        named -= stone.named.count
        for node in stone.named {
            index[node]?.removeAll { $0 == id }
            if index[node]?.isEmpty == true { index[node] = nil }
        }
    }
}

extension Tombstone {
    /// Every node that it names.
    fileprivate var named: Set<NodeKey> { main.map { nodes.union([$0]) } ?? nodes }

    fileprivate func refuses(_ line: [NodeKey], at now: UInt64) -> Bool {
        if now >= expires { return false }
        if let main, !graceIsOver, now < graceEnds, line.contains(main) { return true }
        return line.contains { nodes.contains($0) }
    }

    fileprivate func allowsCleanup(at now: UInt64) -> Bool { !cleanupIsSpent && now < graceEnds }
}

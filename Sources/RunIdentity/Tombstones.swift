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
/// here.
public struct Tombstones: Sendable {
    /// How long a stopped id is refused.
    public static let memory: UInt64 = 600_000_000_000
    /// How long a conversation's main agent is refused, and a cleanup call let through.
    ///
    /// A judgement: clients were measured to ask again within milliseconds of a cut, and nobody types within three
    /// seconds what is worth sending.
    public static let grace: UInt64 = 3_000_000_000
    /// The most that are remembered; the oldest goes first.
    public static let capacity = 1_024

    /// The oldest first.
    private var stones: [Tombstone] = []

    /// None yet.
    public init() {}

    /// How many are remembered.
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
        forget(at: now)
        if stones.count >= Self.capacity { stones.removeFirst() }
        stones.append(stone)
        return stone
    }

    /// The stop that a request falls under; `nil` when it may pass.
    ///
    /// A person's message to the main node ends its grace at once. A cleanup call passes once.
    /// - Parameters:
    ///   - key: The node of the request.
    ///   - line: The node and everything above it.
    mutating func refusal(
        of key: NodeKey,
        in line: Set<NodeKey>,
        isHumanTurn: Bool,
        isCleanup: Bool,
        at now: UInt64
    ) -> Tombstone? {
        guard !stones.isEmpty else { return nil }
        forget(at: now)
        var matching: [Int] = []
        for index in stones.indices {
            if stones[index].main == key, isHumanTurn { stones[index].main = nil }
            let stone = stones[index]
            let isBelowMain = now < stone.graceEnds && stone.main.map(line.contains) == true
            if isBelowMain || !stone.nodes.isDisjoint(with: line) { matching.append(index) }
        }
        guard let first = matching.first else { return nil }
        if isCleanup, matching.allSatisfy({ !stones[$0].cleanupIsSpent && now < stones[$0].graceEnds }) {
            for index in matching { stones[index].cleanupIsSpent = true }
            return nil
        }
        for index in matching where stones[index].renews { stones[index].expires = now &+ Self.memory }
        return stones[first]
    }

    private mutating func forget(at now: UInt64) {
        if stones.contains(where: { $0.expires <= now }) { stones.removeAll { $0.expires <= now } }
    }
}

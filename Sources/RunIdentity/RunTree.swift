/// The trees of runs: who stands under whom, what of it is live, and what was stopped.
///
/// A run is admitted, ends, and may be stopped; each takes the time in nanoseconds of the caller's clock, and none waits
/// for anything. Nodes that nobody has heard of are made when a child names them, since a child may register before its
/// parent. Memory is bounded: of nodes without live runs, those that ended first are forgotten.
///
/// Every walk is limited: ``maxDepth`` upwards and downwards, and a link that would close a circle is not made. So a walk
/// ends whatever clients write into their headers.
public struct RunTree: Sendable {
    /// The most generations between a node and the furthest above it that is still stopped with it.
    public static let maxDepth = 32

    /// A node of a tree.
    struct Node: Sendable {
        var parent: NodeKey?
        var children: [NodeKey] = []
        /// The live runs, the oldest first.
        var live: [String] = []
        /// The run that was admitted last.
        var latest: String?
        var isMain = false
        /// Nothing is known of a node that is only named by those below it.
        var strength = RunIdentity.Strength.none
        /// The entry in the row of those that may be forgotten; `nil` while runs are live.
        var ticket: UInt64?
    }

    var nodes: [NodeKey: Node] = [:]
    var aliases: [NodeKey: NodeKey] = [:]
    var tombstones = Tombstones()
    private let capacity: Int
    private var aliasRow = Row<NodeKey>()
    private var endedRow = Row<(key: NodeKey, ticket: UInt64)>()
    private var tickets: UInt64 = 0

    /// No trees yet.
    /// - Parameter capacity: How many nodes without live runs, and how many other names of nodes, are remembered.
    public init(capacity: Int = 4_096) { self.capacity = max(capacity, 1) }

    /// How many nodes are known.
    public var count: Int { nodes.count }

    // MARK: - Looking

    /// The node by that key, or the one that has it as another name.
    public func resolve(_ key: NodeKey) -> NodeKey { nodes[key] == nil ? aliases[key] ?? key : key }

    /// Everything above a node, the nearest first.
    public func ancestors(of key: NodeKey) -> [NodeKey] {
        var line: [NodeKey] = []
        var next = nodes[resolve(key)]?.parent
        while let above = next, line.count < Self.maxDepth {
            line.append(above)
            next = nodes[above]?.parent
        }
        return line
    }

    /// Everything below a node, generation by generation.
    public func descendants(of key: NodeKey) -> [[NodeKey]] {
        var generations: [[NodeKey]] = []
        var generation = nodes[resolve(key)]?.children ?? []
        while !generation.isEmpty, generations.count < Self.maxDepth {
            generations.append(generation)
            generation = generation.flatMap { nodes[$0]?.children ?? [] }
        }
        return generations
    }

    /// The live runs of a node and of everything below it, generation by generation; generations without any are left
    /// out.
    public func liveRuns(from key: NodeKey) -> [[String]] {
        let key = resolve(key)
        return ([[key]] + descendants(of: key))
            .map { generation in generation.flatMap { nodes[$0]?.live ?? [] } }
            .filter { !$0.isEmpty }
    }

    // MARK: - Changing

    /// The node by that key, which is made when nobody has heard of it.
    mutating func node(_ key: NodeKey) -> NodeKey {
        let key = resolve(key)
        if nodes[key] == nil {
            nodes[key] = Node()
            mayBeForgotten(key)
        }
        return key
    }

    /// Why a link was not made.
    enum LinkFault: Error { case circle, tooDeep }

    /// Puts a node under another. Both must be there.
    mutating func link(_ key: NodeKey, under parent: NodeKey) throws(LinkFault) {
        if nodes[key]?.parent == parent { return }
        var above: NodeKey? = parent
        var height = 0
        while let place = above {
            if place == key { throw .circle }
            height += 1
            if height > Self.maxDepth { throw .tooDeep }
            above = nodes[place]?.parent
        }
        unlink(key)
        nodes[key]?.parent = parent
        nodes[parent]?.children.append(key)
    }

    private mutating func unlink(_ key: NodeKey) {
        guard let parent = nodes[key]?.parent else { return }
        nodes[key]?.parent = nil
        if let index = nodes[parent]?.children.firstIndex(of: key) { nodes[parent]?.children.remove(at: index) }
    }

    /// Gives a node another name, which it takes from whoever had it. Children that used the name before anything bore
    /// it come under the node.
    mutating func name(_ alias: NodeKey, for key: NodeKey) {
        if nodes[alias] != nil { return (try? link(alias, under: key)) ?? () }
        if aliases.updateValue(key, forKey: alias) == nil { aliasRow.append(alias) }
        while aliasRow.count > capacity, let oldest = aliasRow.popFirst() { aliases[oldest] = nil }
    }

    mutating func begin(_ run: String, at key: NodeKey) {
        nodes[key]?.live.append(run)
        nodes[key]?.latest = run
        nodes[key]?.ticket = nil
    }

    /// A run came to its end. Its node is remembered for those that may still come under it.
    public mutating func end(_ run: String, at key: NodeKey) {
        guard let index = nodes[key]?.live.firstIndex(of: run) else { return }
        nodes[key]?.live.remove(at: index)
        if nodes[key]?.live.isEmpty == true { mayBeForgotten(key) }
        forgetOldest()
    }

    // MARK: - Forgetting

    /// Puts a node without live runs at the end of the row of those to be forgotten.
    private mutating func mayBeForgotten(_ key: NodeKey) {
        tickets += 1
        nodes[key]?.ticket = tickets
        endedRow.append((key, tickets))
    }

    /// Forgets what is too much. Not in the middle of an admission, which may have made what is the oldest.
    mutating func forgetOldest() {
        while endedRow.count > capacity, let oldest = endedRow.popFirst() {
            // A node that has begun anew since has another ticket, or none.
            if nodes[oldest.key]?.ticket == oldest.ticket { forget(oldest.key) }
        }
    }

    /// Forgets a node. Those below it come under the one above it, so that a stop still reaches them.
    private mutating func forget(_ key: NodeKey) {
        guard let node = nodes[key] else { return }
        unlink(key)
        for child in node.children {
            nodes[child]?.parent = node.parent
            if let parent = node.parent { nodes[parent]?.children.append(child) }
        }
        nodes[key] = nil
    }
}

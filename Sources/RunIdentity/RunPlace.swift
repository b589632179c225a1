/// The key of a node: one agent, one turn or one run, told apart from those of other owners, clients and trees.
///
/// Ids of clients mean something only beside what they are unique in, so a node is known by all of it: nobody can reach
/// another's tree by guessing its ids, and two trees may use the same names.
public struct NodeKey: Sendable, Hashable {
    /// Whose it is: ``RunIdentity/principal``.
    public var principal: String
    /// The rule that the ids come from, and whether they name runs, agents or turns.
    public var realm: String
    /// What the id is unique in; empty where it is unique as it stands.
    public var tree: String
    /// The id.
    public var id: String

    /// Names a node.
    public init(principal: String, realm: String, tree: String = "", id: String) {
        self.principal = principal
        self.realm = realm
        self.tree = tree
        self.id = id
    }

    /// Of the fields only those that differ between the nodes of one owner: the rest would cost more than it tells apart.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(tree)
    }

    /// The node that a single run is, by the id that it is known under.
    public static func run(_ id: String, of principal: String) -> NodeKey {
        NodeKey(principal: principal, realm: "run", id: id)
    }
}

/// Where a run stands in its tree, before anything is known of the rest of it.
struct RunPlace {
    /// The node that the run belongs to. For a client that tells nothing, the run itself.
    var key: NodeKey
    /// What the request says stands above it, each above the one before.
    var above: [NodeKey] = []
    /// Other names of the node, by which its children may call it.
    var aliases: [NodeKey] = []
    /// Whether a person talks to this node: it is the root of a conversation that goes on after a stop.
    var isMain = false
    var strength: RunIdentity.Strength
}

extension RunIdentity {
    /// The node that this request belongs to, when it becomes the run with that id.
    public func key(run: String) -> NodeKey { place(run: run).key }

    func place(run: String) -> RunPlace {
        let runKey = NodeKey.run(run, of: principal)
        var place = clientPlace ?? RunPlace(key: runKey, strength: strength)
        if place.key != runKey { place.aliases.append(runKey) }
        for run in [parentRun, rootRun].compactMap(\.self) {
            let above = NodeKey.run(run, of: principal)
            if above != runKey, place.above.last != above { place.above.append(above) }
        }
        return place
    }

    /// The place in the client's own tree; `nil` when it tells of none and the run stands for itself.
    private var clientPlace: RunPlace? {
        switch source {
        case .codex, .claudeCode, .mapping: treePlace
        case .opencode, .sessionID:
            node.map { node in
                RunPlace(
                    key: self.key("session", node),
                    above: parent.map { [self.key("session", $0)] } ?? [],
                    isMain: parent == nil,
                    strength: strength
                )
            }
        case .traceparent: node.map { RunPlace(key: self.key("trace", $0), strength: strength) }
        case .runID, .metadata, .promptCacheKey, .sessionAffinity, .conversation, .user, .none: nil
        }
    }

    /// The place in a tree that has a name. Where turns are told, the node is the turn: it is what a stop is meant for,
    /// and the agent's next turn is another node.
    private var treePlace: RunPlace? {
        guard let node else { return nil }
        let realm = source.description
        let turns = realm + "#turn"
        let agent = self.key(realm, node, in: tree)
        guard strength == .strict, let turn else {
            var above = parent.map { [self.key(realm, $0, in: tree)] } ?? []
            if let parent, parent != Self.mainNode, source == .claudeCode {
                above.append(self.key(realm, Self.mainNode, in: tree))
            }
            return RunPlace(key: agent, above: above, isMain: parent == nil && strength == .session, strength: strength)
        }
        var place = RunPlace(key: self.key(turns, turn, in: tree), aliases: [agent], strength: strength)
        if let parentTurn {
            place.above.append(self.key(turns, parentTurn, in: tree))
        } else if let parent {
            place.above.append(self.key(realm, parent, in: tree))
        }
        if let rootTurn, rootTurn != parentTurn { place.above.append(self.key(turns, rootTurn, in: tree)) }
        return place
    }

    private func key(_ realm: String, _ id: String, in tree: String? = nil) -> NodeKey {
        NodeKey(principal: principal, realm: realm, tree: tree ?? "", id: id)
    }
}

extension RunTree {
    /// What became of a request that wanted to be a run.
    public struct Admission: Sendable {
        /// The stop that the request falls under; `nil` when it was let in.
        public var refusal: Tombstone?
        /// The node it belongs to.
        public var key: NodeKey
        /// The latest run of the node above; `nil` at the root, and where that node has not asked for anything.
        public var parentRun: String?
        /// The latest run of the node above all; the run itself at the root.
        public var rootRun: String
        /// How many nodes are above.
        public var depth: Int
        /// What was ignored, and why. For the log.
        public var diagnostics: [String] = []
    }

    /// Lets a run in, or refuses it because something above it was stopped (R2, R3).
    ///
    /// Refused or not, its place is remembered: what it starts itself would be under it, and may name nothing else.
    /// - Parameters:
    ///   - run: The id that the run is to have.
    ///   - identity: What the request says of itself.
    public mutating func admit(_ run: String, _ identity: RunIdentity, at now: UInt64) -> Admission {
        let place = identity.place(run: run)
        let key = node(place.key)
        nodes[key]?.isMain = place.isMain
        nodes[key]?.strength = place.strength
        var diagnostics: [String] = []
        var line = [place.key, key]
        var below = key
        for (index, claim) in place.above.enumerated() {
            let above = node(claim)
            line += [claim, above]
            // The request's own word on its parent counts; on those further up, what they say themselves.
            if index == 0 || nodes[below]?.parent == nil, above != below {
                do {
                    try link(below, under: above)
                } catch .circle {
                    diagnostics.append("the parent '\(claim.id)' of '\(below.id)' ignored: it stands below it already")
                } catch {
                    diagnostics.append("the parent '\(claim.id)' of '\(below.id)' ignored: the tree is too deep")
                }
            }
            below = above
        }
        let ancestors = ancestors(of: key)
        line += ancestors
        for alias in place.aliases { name(alias, for: key) }

        let refusal = tombstones.refusal(
            of: key,
            in: line,
            isHumanTurn: identity.isHumanTurn && place.isMain,
            isCleanup: identity.isCleanup,
            at: now
        )
        if refusal == nil { begin(run, at: key) }
        let parentRun = ancestors.first.flatMap { nodes[$0]?.latest }
        let rootRun = ancestors.last.flatMap { nodes[$0]?.latest } ?? parentRun ?? run
        forgetOldest()
        return Admission(
            refusal: refusal,
            key: key,
            parentRun: parentRun,
            rootRun: rootRun,
            depth: ancestors.count,
            diagnostics: diagnostics
        )
    }

    /// What a stop is to end, and in which order.
    public struct Stop: Sendable {
        /// What is refused from now on; the stop of the run alone leaves nothing behind.
        public var tombstone: Tombstone
        /// The runs in flight: those of the stopped node, then generation by generation what is below it. Each
        /// generation is to be ended before the next, because a parent whose child ends early goes on with another turn.
        public var generations: [[String]]
    }

    /// Stops a run with everything below it. The tombstone stands when this returns, before anything is ended: whatever
    /// comes later is refused (R4).
    ///
    /// A stop at the boundary takes the tombstone alone and leaves the generations to end by themselves (R8).
    /// - Parameters:
    ///   - run: The run.
    ///   - key: The node that it was admitted at.
    public mutating func stop(_ run: String, at key: NodeKey, now: UInt64) -> Stop {
        let known = descendants(of: key).flatMap(\.self)
        var refused: Set<NodeKey> = [.run(run, of: key.principal)]
        for below in known {
            guard let node = nodes[below], node.strength >= .session, !node.isMain else { continue }
            refused.insert(below)
        }
        let node = nodes[key]
        let strength = node?.strength ?? .none
        if strength == .strict || strength == .session && node?.isMain == false { refused.insert(key) }
        let tombstone = tombstones.put(
            run: run,
            nodes: refused,
            main: node?.isMain == true ? key : nil,
            isStrict: strength != .session,
            at: now
        )
        var generations = liveRuns(from: key)
        // The run that was named goes first.
        if let first = generations.first, let place = first.firstIndex(of: run) {
            generations[0].swapAt(0, place)
        }
        return Stop(tombstone: tombstone, generations: generations)
    }
}

public import Cancellation
public import RunIdentity
internal import Synchronization

/// The live runs and those that ended lately, by id and by tree.
///
/// Ended runs are remembered so that "already finished" can be told from "never heard of", for a time and in a bounded
/// number. All decisions about a run's end are made by its state word; the registry only finds runs.
public final class RunRegistry: Sendable {
    /// What happened lately.
    public let events = RunEventLog()
    /// What all runs amount to.
    public let totals = RunTotals()

    private let shelf = Mutex(Shelf())
    private let memory: UInt64
    private let capacity: Int

    struct Shelf {
        /// Owners choose ids of their own, so that two may choose the same; of one owner's the youngest run has it.
        var runs: [String: [Run]] = [:]
        /// The engine's own ids. An id that two runs share names neither.
        var aliases: [String: Run?] = [:]
        var aliasOf: [ObjectIdentifier: String] = [:]
        /// What has ended, oldest first, from `firstEnded` on.
        var ended: [(run: Run, alias: String?, at: UInt64)] = []
        var firstEnded = 0
        var live: Set<Reference> = []
        var tree = RunTree()
        /// The runs that a run has started, by its id.
        var children: [ObjectIdentifier: [Run]] = [:]

        /// The run of that name that the viewer may know of; the youngest, should there be several.
        func run(_ id: String, as viewer: Viewer) -> Run? { runs[id]?.last(where: viewer.sees) }

        mutating func forget(_ run: Run) {
            runs[run.id]?.removeAll { $0 === run }
            if runs[run.id]?.isEmpty == true { runs[run.id] = nil }
            children[ObjectIdentifier(run)] = nil
            guard let parent = run.place.parent.flatMap({ self.run($0, as: .owner(run.identity.principal)) }) else {
                return
            }
            children[ObjectIdentifier(parent)]?.removeAll { $0 === run }
        }
    }

    /// A run as a member of a set.
    struct Reference: Hashable {
        let run: Run
        static func == (left: Reference, right: Reference) -> Bool { left.run === right.run }
        func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(run)) }
    }

    /// A registry.
    /// - Parameters:
    ///   - memory: How long ended runs are remembered, in nanoseconds.
    ///   - capacity: How many of them at most.
    public init(memory: UInt64 = 600_000_000_000, capacity: Int = 4_096) {
        self.memory = memory
        self.capacity = capacity
    }

    // MARK: Coming and going

    /// What becomes of a run that asks to begin.
    public enum Admission: Sendable, Equatable {
        /// It may ask the engine.
        case admitted
        /// A run of that name is live.
        case duplicate
        /// Its tree was stopped.
        case refused(Tombstone)
    }

    /// Takes a run in, unless its name is taken or its tree was stopped.
    public func admit(_ run: Run, at now: UInt64) -> Admission {
        let admission = shelf.withLock { shelf -> Admission in
            let owner = Viewer.owner(run.identity.principal)
            let known = shelf.run(run.id, as: owner)
            if known?.endedAt == nil, known != nil { return .duplicate }
            var place = Run.Place(key: run.identity.key(run: run.id), parent: run.identity.parentRun)
            // A run that says nothing of a tree enters it when another names it.
            if run.identity.source != .none || run.identity.parentRun != nil {
                let entry = shelf.tree.admit(run.id, run.identity, at: now)
                if let refusal = entry.refusal { return .refused(refusal) }
                place = Run.Place(key: entry.key, parent: entry.parentRun ?? place.parent)
            }
            run.place = place
            shelf.runs[run.id, default: []].append(run)
            shelf.live.insert(Reference(run: run))
            if let parent = place.parent.flatMap({ shelf.run($0, as: owner) }), parent !== run {
                shelf.children[ObjectIdentifier(parent), default: []].append(run)
            }
            return .admitted
        }
        if admission == .admitted { note(.started, of: run, at: run.started) }
        return admission
    }

    /// Makes a run known by the id that the engine gave it.
    public func alias(_ alias: String, for run: Run) {
        run.upstreamID = run.upstreamID ?? alias
        shelf.withLock { shelf in
            let reference = ObjectIdentifier(run)
            guard shelf.live.contains(Reference(run: run)), shelf.aliasOf[reference] == nil, shelf.runs[alias] == nil
            else { return }
            if let known = shelf.aliases[alias] {
                if known !== run { shelf.aliases[alias] = .some(nil) }
            } else {
                shelf.aliases[alias] = .some(run)
                shelf.aliasOf[reference] = alias
            }
        }
    }

    /// Takes a step that is no end, and tells about it.
    @discardableResult
    public func advance(_ run: Run, to phase: RunPhase, at time: Double) -> Bool {
        guard run.state.advance(to: phase) else { return false }
        if phase != .completed { note(.state(phase, nil), of: run, at: time) }
        return true
    }

    /// A run came to rest and is from now on only remembered. Only the first call for a run does anything.
    /// - Returns: Whether this was it.
    @discardableResult
    public func conclude(_ run: Run, at now: UInt64, time: Double) -> Bool {
        guard run.conclude(at: now) else { return false }
        let isKnown = shelf.withLock { shelf in
            guard shelf.live.remove(Reference(run: run)) != nil else { return false }
            shelf.tree.end(run.id, at: run.place.key)
            shelf.ended.append((run, shelf.aliasOf.removeValue(forKey: ObjectIdentifier(run)), now))
            forget(&shelf, at: now)
            return true
        }
        guard isKnown else { return true }
        totals.ended(run)
        let state = run.state.current
        note(.ended(state.phase, state.reason), of: run, at: time)
        return true
    }

    /// Tells about something that happened to a run.
    public func note(_ kind: RunEvent.Kind, of run: Run, at time: Double) {
        events.append(RunEvent(kind, of: run, at: time))
    }

    private func forget(_ shelf: inout Shelf, at now: UInt64) {
        let limit = now < memory ? 0 : now - memory
        while shelf.firstEnded < shelf.ended.count {
            let oldest = shelf.ended[shelf.firstEnded]
            guard oldest.at < limit || shelf.ended.count - shelf.firstEnded > capacity else { break }
            shelf.firstEnded += 1
            if let alias = oldest.alias { shelf.aliases[alias] = nil }
            shelf.forget(oldest.run)
        }
        // Moved rarely, so that forgetting costs the same however much is remembered.
        guard shelf.firstEnded > 64, shelf.firstEnded * 2 > shelf.ended.count else { return }
        shelf.ended.removeFirst(shelf.firstEnded)
        shelf.firstEnded = 0
    }

    // MARK: Finding

    /// The run of that name, live or ended lately, if the viewer may know of it.
    public func find(_ id: String, as viewer: Viewer = .operator, at now: UInt64) -> Run? {
        shelf.withLock { shelf in
            forget(&shelf, at: now)
            if let run = shelf.run(id, as: viewer) { return run }
            guard let run = shelf.aliases[id] ?? nil, viewer.sees(run) else { return nil }
            return run
        }
    }

    /// Every known run that the viewer may know of, newest first. The lock is held for no longer than it takes to copy
    /// references; sorting is done outside of it.
    public func all(as viewer: Viewer = .operator, at now: UInt64) -> [Run] {
        let (live, ended) = shelf.withLock { shelf in
            forget(&shelf, at: now)
            return (shelf.live, shelf.ended[shelf.firstEnded...])
        }
        let runs = live.map(\.run) + ended.map(\.run)
        return runs.filter(viewer.sees).sorted { ($0.startedAt, $0.id) > ($1.startedAt, $1.id) }
    }

    /// The live runs that the viewer may know of.
    public func live(as viewer: Viewer = .operator) -> [Run] {
        shelf.withLock { $0.live }.map(\.run).filter(viewer.sees)
    }

    /// How many runs are live and how many are remembered.
    public var counts: (live: Int, ended: Int) {
        shelf.withLock { ($0.live.count, $0.ended.count - $0.firstEnded) }
    }

    // MARK: Trees

    /// The runs above, nearest first, as far as they are known.
    public func ancestors(of run: Run) -> [Run] {
        guard run.place.parent != nil else { return [] }
        return shelf.withLock { shelf in
            var line: [Run] = []
            var next = run.place.parent
            let owner = Viewer.owner(run.identity.principal)
            while let id = next, let above = shelf.run(id, as: owner), line.count < RunTree.maxDepth,
                !line.contains(where: { $0 === above })
            {
                line.append(above)
                next = above.place.parent
            }
            return line
        }
    }

    /// The known runs below that were started by it or by those, nearest first: each level is an array.
    public func descendants(of run: Run) -> [[Run]] {
        shelf.withLock { shelf in
            var levels: [[Run]] = []
            var level = shelf.children[ObjectIdentifier(run)] ?? []
            while !level.isEmpty, levels.count < RunTree.maxDepth {
                levels.append(level)
                level = level.flatMap { shelf.children[ObjectIdentifier($0)] ?? [] }
            }
            return levels
        }
    }

    /// How many live runs a stop of the run's tree would end besides itself.
    public func liveBeside(_ run: Run) -> Int {
        shelf.withLock { shelf in
            shelf.tree.liveRuns(from: run.place.key).joined().count { $0 != run.id }
        }
    }

    /// Forbids the next calls of a tree, and finds what is to be ended with the run, level by level: later arrivals meet
    /// the prohibition.
    func bury(_ run: Run, at now: UInt64) -> [[Run]] {
        shelf.withLock { shelf in
            let owner = Viewer.owner(run.identity.principal)
            return shelf.tree.stop(run.id, at: run.place.key, now: now).generations.map { level in
                level.compactMap { shelf.run($0, as: owner) }.filter { $0 !== run }
            }.filter { !$0.isEmpty }
        }
    }
}

internal import Cancellation
internal import LoopDetection
internal import RunIdentity
internal import Runs

/// Which runs a list is asked for.
struct RunQuery {
    private let query: [String: String]

    init(_ query: [String: String]) { self.query = query }

    /// The most runs of one answer.
    static let most = 1_000

    func reply(from registry: RunRegistry, as viewer: Viewer, at now: UInt64) -> Reply {
        var phases: Set<RunPhase>?
        if let states = query["state"], !states.isEmpty {
            var chosen: Set<RunPhase> = []
            for name in states.split(separator: ",") {
                switch name {
                case "live": chosen.formUnion(RunPhase.allCases.filter { !$0.isTerminal })
                case "ended": chosen.formUnion(RunPhase.allCases.filter(\.isTerminal))
                default:
                    guard let phase = RunPhase.allCases.first(where: { $0.name == name }) else {
                        let names = (["live", "ended"] + RunPhase.allCases.map(\.name)).joined(separator: ", ")
                        return .badRequest("There is no state '\(name.prefix(40))'; there are \(names).")
                    }
                    chosen.insert(phase)
                }
            }
            phases = chosen
        }
        let limit = query["limit"].map { Int($0) ?? -1 } ?? 100
        guard (0...Self.most).contains(limit) else {
            return .badRequest("'limit' must be a number from 0 to \(Self.most).")
        }
        var runs = registry.all(as: viewer, at: now)[...]
        if let before = query["before"], let place = runs.firstIndex(where: { $0.id == before }) {
            runs = runs[(place + 1)...]
        }
        let wanted = runs.lazy.filter { run in
            if let phases, !phases.contains(run.state.current.phase) { return false }
            if let session = query["session"], run.identity.session != session { return false }
            if let tree = query["tree"], run.identity.tree != tree { return false }
            if let model = query["model"], run.facts.model != model { return false }
            if let detector = query["detector"], run.verdict?.detector.name != detector { return false }
            return true
        }
        let page = Array(wanted.prefix(limit + 1))
        return RunJSON.list(page.prefix(limit), in: registry) { json in
            json.member("has_more", page.count > limit)
            json.member("live", registry.counts.live)
            json.member("now", WallClock.now)
        }
    }
}

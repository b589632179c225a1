/// Follows the events of runs and goes on after a break.
public struct RunWatch: Sendable {
    private let client: ControlClient
    /// The run; `nil` for all.
    private let id: String?
    private let query: RunQuery

    /// - Parameters:
    ///   - id: The run to follow; `nil` for all.
    ///   - query: Which runs' events are told; what it says of states and the limit does not count.
    public init(_ client: ControlClient, id: String? = nil, query: RunQuery = RunQuery()) {
        self.client = client
        self.id = id
        self.query = query
    }

    /// Follows until the task is cancelled, or, for one run, until its stream has ended.
    /// - Parameters:
    ///   - tell: Gets every event.
    ///   - note: Gets a sentence when the stream breaks and when it goes on.
    ///   - pause: Waits before another try.
    public func follow(
        tell: (RunEvent) -> Void,
        note: (String) -> Void,
        pause: () async throws -> Void = { try await Task.sleep(for: .seconds(1)) }
    ) async throws {
        var filter = RunFilter(query)
        var last: String?
        var wasOpen = false
        var isBroken = false
        var isOver = false
        repeat {
            do {
                for try await item in client.events(of: id, after: last) {
                    guard case .event(let event) = item else {
                        if isBroken { note("the gateway answers again") }
                        (wasOpen, isBroken) = (true, false)
                        if last == nil { try await learn(&filter) }
                        continue
                    }
                    last = event.id ?? last
                    if event.isTerminal, id != nil { isOver = true }
                    if filter.lets(event) { tell(event) }
                }
                if isOver || Task.isCancelled { return }
                if !isBroken { note("the gateway has ended the stream of events; trying again every second") }
            } catch let error as ControlError {
                // What never worked is a mistake in the address; what worked before comes back.
                guard wasOpen, case .transport = error else { throw error }
                if isOver { return }
                if !isBroken { note("\(error); trying again every second") }
            }
            isBroken = true
            try await pause()
        } while !Task.isCancelled
    }

    /// Learns of the runs that began before the stream did.
    private func learn(_ filter: inout RunFilter) async throws(ControlError) {
        guard filter.needsRuns else { return }
        var live = RunQuery()
        live.state = "live"
        for run in try await client.runs(live).page.data { filter.learn(run) }
    }
}

/// Decides which events are told.
struct RunFilter {
    private let query: RunQuery
    /// The runs that match and are not over, or were a moment ago: an `engine` event may still come of them.
    private var matching: Set<String> = []
    private var ended: [String] = []

    /// Ended runs that are remembered.
    private static let memory = 256

    init(_ query: RunQuery) { self.query = query }

    /// Whether runs must be known to judge their events.
    var needsRuns: Bool { query.model != nil || query.session != nil }

    mutating func learn(_ run: RemoteRun) {
        let isWanted =
            (query.model == nil || query.model == run.model) && (query.session == nil || query.session == run.session)
        if isWanted { matching.insert(run.id) }
    }

    mutating func lets(_ event: RunEvent) -> Bool {
        let id = event.facts.runId
        if needsRuns {
            if let run = event.facts.run { learn(run) }
            guard matching.contains(id) else { return false }
            if event.isTerminal {
                ended.append(id)
                if ended.count > Self.memory { matching.remove(ended.removeFirst()) }
            }
        }
        if let detector = query.detector {
            return detector == (event.facts.detector ?? event.facts.run?.detector)
        }
        return true
    }
}

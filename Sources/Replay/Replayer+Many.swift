/// What a replay of many recordings does with each.
public struct ReplayPlan: Sendable {
    /// The rules.
    public var replayer: Replayer
    /// The rules to compare against.
    public var against: Replayer?
    /// The pace, for a replay in recorded time.
    public var pace: Pace?

    /// Creates a plan.
    public init(_ replayer: Replayer, against: Replayer? = nil) {
        self.replayer = replayer
        self.against = against
    }

    /// Replays a recording under both.
    public func row(_ recording: Recording) async -> ReplayRow {
        guard let pace else { return ReplayRow(replayer.replay(recording), before: against?.replay(recording)) }
        let result = await replayer.replay(recording, pace)
        return ReplayRow(result, before: result.error == nil ? against?.replay(recording) : nil)
    }

    /// Replays recordings on several cores and hands the rows over in the order of the recordings.
    ///
    /// No more than a few recordings per core are under way or wait to be handed over, so that memory does not grow with
    /// their number.
    public func replay(
        _ recordings: some Sequence<Recording>,
        jobs: Int,
        _ handOver: (ReplayRow) throws -> Void
    ) async throws {
        let jobs = max(1, jobs)
        var recordings = recordings.makeIterator()
        try await withThrowingTaskGroup(of: (Int, ReplayRow).self) { group in
            var waiting: [Int: ReplayRow] = [:]
            var (begun, running, handed) = (0, 0, 0)
            while true {
                while running < jobs, begun - handed < jobs * Self.lead, let recording = recordings.next() {
                    let place = begun
                    begun += 1
                    running += 1
                    group.addTask { (place, await row(recording)) }
                }
                guard let (place, row) = try await group.next() else { return }
                running -= 1
                waiting[place] = row
                while let next = waiting.removeValue(forKey: handed) {
                    try handOver(next)
                    handed += 1
                }
            }
        }
    }

    /// Replays recordings as above, but takes the rows that a journal already has and writes the others into it.
    public func replay(
        _ recordings: some Sequence<Recording>,
        jobs: Int,
        journal: ReplayJournal,
        _ handOver: (ReplayRow) throws -> Void
    ) async throws {
        var recordings = recordings.makeIterator()
        var next = recordings.next()
        while let recording = next, let row = journal.next(recording) {
            try handOver(row)
            next = recordings.next()
        }
        let rest = AnyIterator {
            defer { next = next == nil ? nil : recordings.next() }
            return next
        }
        try await replay(rest, jobs: jobs) { row in
            try journal.add(row)
            try handOver(row)
        }
    }

    /// How many recordings per core may be ahead of one that takes long.
    private static let lead = 64
}

extension Replayer {
    /// Replays recordings on several cores; the results come in the order of the recordings.
    public func replay(_ recordings: [Recording], jobs: Int) -> AsyncStream<ReplayResult> {
        AsyncStream { results in
            let work = Task {
                try? await ReplayPlan(self).replay(recordings, jobs: jobs) { row in
                    try Task.checkCancellation()
                    results.yield(row.result)
                }
                results.finish()
            }
            results.onTermination = { _ in work.cancel() }
        }
    }
}

internal import NIOCore
internal import Synchronization

/// The live runs and those that ended lately, by id.
///
/// Ended runs are remembered so that "already finished" can be told from "never heard of", for ten minutes and in a
/// bounded number.
final class RunRegistry: Sendable {
    private struct Shelf {
        var runs: [String: Run] = [:]
        /// The engine's own ids. An id that two runs share names neither.
        var aliases: [String: Run?] = [:]
        /// What has ended, oldest first.
        var ended: CircularBuffer<(run: Run, alias: String?, at: NIODeadline)> = []
        var aliasOf: [String: String] = [:]
    }

    private let shelf = Mutex(Shelf())
    private let memory: TimeAmount
    private let capacity: Int

    init(memory: TimeAmount = .minutes(10), capacity: Int = 1_024) {
        self.memory = memory
        self.capacity = capacity
    }

    func add(_ run: Run) { shelf.withLock { $0.runs[run.id] = run } }

    /// Makes a run known by the id that the engine gave it.
    func alias(_ alias: String, for run: Run) {
        shelf.withLock { shelf in
            guard shelf.runs[run.id] != nil, shelf.aliasOf[run.id] == nil, shelf.runs[alias] == nil else { return }
            if let known = shelf.aliases[alias] {
                if known !== run { shelf.aliases[alias] = .some(nil) }
            } else {
                shelf.aliases[alias] = .some(run)
                shelf.aliasOf[run.id] = alias
            }
        }
    }

    /// The run with that id, live or ended lately.
    func find(_ id: String) -> Run? {
        shelf.withLock { shelf in
            Self.forget(&shelf, before: .now() - memory, keeping: capacity)
            return shelf.runs[id] ?? shelf.aliases[id] ?? nil
        }
    }

    /// A run came to its end and is from now on only remembered.
    func ended(_ run: Run, at now: NIODeadline) {
        shelf.withLock { shelf in
            shelf.ended.append((run, shelf.aliasOf.removeValue(forKey: run.id), now))
            Self.forget(&shelf, before: now - memory, keeping: capacity)
        }
    }

    /// Every known run, newest first.
    var all: [Run] {
        shelf.withLock { shelf in
            Self.forget(&shelf, before: .now() - memory, keeping: capacity)
            return shelf.runs.values.sorted { $0.startedAt > $1.startedAt }
        }
    }

    private static func forget(_ shelf: inout Shelf, before limit: NIODeadline, keeping capacity: Int) {
        while let oldest = shelf.ended.first, oldest.at < limit || shelf.ended.count > capacity {
            shelf.ended.removeFirst()
            shelf.runs[oldest.run.id] = nil
            if let alias = oldest.alias { shelf.aliases[alias] = nil }
        }
    }
}

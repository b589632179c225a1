internal import GenerationWire
internal import Synchronization

/// What was said in conversations that the engine keeps (OpenAI Responses), so that detectors that look across turns see
/// all of them although a request names only the response that it goes on from.
///
/// Only calls, results and turns are kept. Whoever sends another Authorization sees nothing of them. The least recently
/// used conversation goes first when there are too many or they take too much memory.
final class ConversationMemory: Sendable {
    struct Key: Hashable {
        /// A hash of the client's Authorization; the header itself is not kept.
        let principal: Int
        let id: String

        init(authorization: String?, id: String) {
            var hasher = Hasher()
            hasher.combine(authorization)
            principal = hasher.finalize()
            self.id = id
        }
    }

    private struct Entry {
        var steps: [Conversation.Step]
        var bytes: Int
        var used: UInt64
    }

    private struct Shelf {
        var entries: [Key: Entry] = [:]
        var bytes = 0
        var clock: UInt64 = 0
    }

    private let shelf = Mutex(Shelf())
    private let capacity: Int
    private let maxBytes: Int

    init(capacity: Int = 1_024, maxBytes: Int = 64 * 1_048_576) {
        self.capacity = capacity
        self.maxBytes = maxBytes
    }

    func recall(_ key: Key) -> [Conversation.Step] {
        shelf.withLock { shelf in
            shelf.clock += 1
            shelf.entries[key]?.used = shelf.clock
            return shelf.entries[key]?.steps ?? []
        }
    }

    func remember(_ steps: [Conversation.Step], as key: Key) {
        let bytes = steps.reduce(key.id.utf8.count + 64) { $0 + $1.size }
        guard bytes <= maxBytes else { return }
        shelf.withLock { shelf in
            shelf.clock += 1
            shelf.bytes += bytes - (shelf.entries[key]?.bytes ?? 0)
            shelf.entries[key] = Entry(steps: steps, bytes: bytes, used: shelf.clock)
            while shelf.bytes > maxBytes || shelf.entries.count > capacity {
                // A search through a thousand entries, once per response at most.
                guard let oldest = shelf.entries.min(by: { $0.value.used < $1.value.used }) else { return }
                shelf.bytes -= oldest.value.bytes
                shelf.entries[oldest.key] = nil
            }
        }
    }
}

extension Conversation.Step {
    fileprivate var size: Int {
        switch self {
        case .user, .assistant: 64
        case .call(let id, let name, let arguments): 128 + id.utf8.count + name.utf8.count + arguments.count
        case .result(let id, let name, let result):
            128 + (id?.utf8.count ?? 0) + (name?.utf8.count ?? 0) + result.text.count
        }
    }
}

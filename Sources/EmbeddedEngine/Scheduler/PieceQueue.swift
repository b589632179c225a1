import Cancellation
private import Synchronization

/// How a sequence ended.
enum Outcome: Sendable, Equatable {
    /// The model ended the text, or a stop string was met.
    case stop
    /// The limit on tokens was reached.
    case length
    /// Someone asked for the end.
    case cancelled(EndReason)
}

/// The text that one sequence has written and its reader has not taken yet: bounded, so that a slow reader costs a
/// fixed amount of memory and stalls its own sequence only.
final class PieceQueue: Sendable {
    /// Pieces of text in one buffer, so that a token costs no allocation.
    struct Contents: Sendable {
        var bytes: [UInt8] = []
        /// Where each piece ends in `bytes`.
        var ends: [Int] = []
        /// Set once, after the last piece.
        var outcome: Outcome?

        mutating func clear() {
            bytes.removeAll(keepingCapacity: true)
            ends.removeAll(keepingCapacity: true)
            outcome = nil
        }
    }

    private let contents = Mutex(Contents())
    private let capacity: Int
    private let onReadable: @Sendable () -> Void

    /// - Parameters:
    ///   - capacity: The most pieces that wait for the reader.
    ///   - onReadable: Called on the writer's thread when there is something to take after there was nothing.
    init(capacity: Int, onReadable: @escaping @Sendable () -> Void) {
        self.capacity = capacity
        self.onReadable = onReadable
    }

    /// Whether another piece fits. Only the writer adds pieces, so for the writer the answer stays true.
    var hasRoom: Bool { contents.withLock { $0.ends.count < capacity } }

    /// Adds a piece. An empty one is left out.
    func append(_ piece: [UInt8]) {
        guard !piece.isEmpty else { return }
        let wasEmpty = contents.withLock { contents in
            contents.bytes.append(contentsOf: piece)
            contents.ends.append(contents.bytes.count)
            return contents.ends.count == 1
        }
        if wasEmpty { onReadable() }
    }

    /// Says how it ended. This always fits.
    func finish(_ outcome: Outcome) {
        contents.withLock { $0.outcome = outcome }
        onReadable()
    }

    /// Moves everything into `taken`, whose storage is used again.
    /// - Returns: Whether the queue was full, so that the writer may be waiting.
    func take(into taken: inout Contents) -> Bool {
        taken.clear()
        let spare = taken
        taken = Contents()
        taken = contents.withLock { contents in
            let full = contents
            contents = spare
            return full
        }
        return taken.ends.count >= capacity
    }
}

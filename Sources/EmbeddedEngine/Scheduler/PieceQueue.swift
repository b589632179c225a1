import Cancellation
private import Synchronization

/// How a sequence ended.
enum Outcome: Sendable, Equatable {
    /// The model ended the text, or a stop string was met.
    case stop
    /// The limit on tokens was reached.
    case length
    /// The model ended its answer, and calls of tools are part of it.
    case toolCalls
    /// Someone asked for the end.
    case cancelled(EndReason)
}

/// What one sequence has written and its reader has not taken yet: bounded, so that a slow reader costs a fixed amount
/// of memory and stalls its own sequence only.
final class PieceQueue: Sendable {
    /// A part of an answer.
    struct Piece: Sendable, Equatable {
        enum Kind: Sendable {
            case text
            /// A call of a tool begins; the bytes are the tool's name.
            case call
            /// The call goes on; the bytes are a part of its arguments.
            case arguments
        }

        var kind: Kind
        /// Where its bytes and its log-probabilities end.
        var end: Int
        var logprobsEnd: Int
        /// The tokens that the model had written then.
        var generated = 0
    }

    /// Pieces in shared buffers, so that a token costs no allocation.
    struct Contents: Sendable {
        var bytes: [UInt8] = []
        var logprobs: [TokenLogprob] = []
        var pieces: [Piece] = []
        /// Set once, after the last piece.
        var outcome: Outcome?

        /// Adds a piece, with the log-probabilities that were added since the last one.
        mutating func add(_ kind: Piece.Kind, _ piece: [UInt8]) {
            bytes.append(contentsOf: piece)
            pieces.append(Piece(kind: kind, end: bytes.count, logprobsEnd: logprobs.count))
        }

        mutating func clear() {
            bytes.removeAll(keepingCapacity: true)
            logprobs.removeAll(keepingCapacity: true)
            pieces.removeAll(keepingCapacity: true)
            outcome = nil
        }
    }

    private let contents = Mutex(Contents())
    private let capacity: Int
    private let onReadable: @Sendable () -> Void

    /// - Parameters:
    ///   - capacity: How many pieces wait for the reader before the writer must stop.
    ///   - onReadable: Called on the writer's thread when there is something to take after there was nothing.
    init(capacity: Int, onReadable: @escaping @Sendable () -> Void) {
        self.capacity = capacity
        self.onReadable = onReadable
    }

    /// Whether the writer may write another token. Only the writer adds pieces, so for the writer the answer stays true.
    var hasRoom: Bool { contents.withLock { $0.pieces.count < capacity } }

    /// Adds what a token gave: mostly one piece, never more than a few.
    /// - Parameter generated: The tokens that the model has written.
    func append(_ added: Contents, generated: Int) {
        guard !added.pieces.isEmpty else { return }
        let wasEmpty = contents.withLock { contents in
            let wasEmpty = contents.pieces.isEmpty
            let (bytes, logprobs) = (contents.bytes.count, contents.logprobs.count)
            contents.bytes.append(contentsOf: added.bytes)
            contents.logprobs.append(contentsOf: added.logprobs)
            for var piece in added.pieces {
                piece.end += bytes
                piece.logprobsEnd += logprobs
                piece.generated = generated
                contents.pieces.append(piece)
            }
            return wasEmpty
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
        return taken.pieces.count >= capacity
    }
}

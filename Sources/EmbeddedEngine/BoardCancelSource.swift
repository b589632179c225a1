public import CancelBoard
internal import Cancellation
public import Logging
private import Synchronization

/// Reads the flags of a gateway's cancel board, in this process or another.
///
/// A request names its flag in a header. The board may appear, and be replaced by that of a gateway that was started
/// again, while the engine runs: a handle of a board that is not open has it opened.
public final class BoardCancelSource: CancelSource {
    /// The header in which a request names its flag.
    public static let header = "X-Loopguard-Cancel"

    /// Where a gateway of another process keeps its board.
    public enum Place: Sendable {
        /// In a directory, by a gateway of the same user.
        case directory(String)
        /// Behind a socket, by a gateway of the user with that number.
        case door(String, user: UInt32)
    }

    private let place: Place?
    private let logger: Logger?
    private let reader: Mutex<BoardReader?>

    /// Reads a board that is open.
    public init(_ reader: BoardReader) {
        self.reader = Mutex(reader)
        place = nil
        logger = nil
    }

    /// Reads the board in a place, as soon as there is one.
    public init(_ place: Place, logger: Logger) {
        self.place = place
        self.logger = logger
        reader = Mutex(nil)
        reader.withLock { $0 = open() }
    }

    public func admit(_ names: [String], header: (String) -> String?) -> (any CancelTicket)? {
        guard let text = header(Self.header) else { return nil }
        let handle: BoardHandle
        do throws(BoardHandleError) {
            handle = try BoardHandle(parsing: text)
        } catch {
            logger?.warning("a request's flag cannot be read", metadata: ["error": "\(error)"])
            return nil
        }
        guard let reader = reader(for: handle) else { return nil }
        return reader.admit(handle) == .foreignEpoch ? nil : BoardTicket(reader: reader, handle: handle)
    }

    public func poll() -> Bool { reader.withLock { $0 }?.poll(now: .now()) ?? false }

    private func reader(for handle: BoardHandle) -> BoardReader? {
        reader.withLock { reader in
            if reader?.epoch != handle.epoch, mayBeReplaced(reader), let newer = open() { reader = newer }
            return reader
        }
    }

    /// Whether there may be a newer board. A directory tells; at a door one has to knock.
    private func mayBeReplaced(_ reader: BoardReader?) -> Bool {
        if case .directory = place, let reader { reader.isReplaced } else { place != nil }
    }

    private func open() -> BoardReader? {
        guard let place else { return nil }
        do throws(BoardError) {
            let reader =
                switch place {
                case .directory(let path): try BoardReader.open(at: path)
                case .door(let path, let user): try BoardReader.knock(at: path, fromUser: user)
                }
            logger?.info("reads a cancel board", metadata: ["place": "\(place)", "slots": "\(reader.slotCount)"])
            return reader
        } catch .absent {
            return nil
        } catch {
            logger?.error("the cancel board cannot be read", metadata: ["place": "\(place)", "error": "\(error)"])
            return nil
        }
    }
}

/// One request's flag on a board.
private struct BoardTicket: CancelTicket {
    let reader: BoardReader
    let handle: BoardHandle

    var reason: EndReason? {
        switch reader.state(of: handle) {
        case .running: nil
        case .cancelled(let reason): reason
        // The slot has another owner: whoever asked for this request is gone.
        case .orphan: .clientDisconnect
        }
    }

    func finish(isCancelled: Bool, tokens: Int) {
        let isOrphan = reader.state(of: handle) == .orphan
        let outcome: BoardOutcome = !isCancelled ? .natural : isOrphan ? .orphan : .cancelled
        reader.finish(handle, outcome, tokens: UInt64(tokens), step: reader.stepCount)
    }
}

private import CPosixShared

#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// The socket at which an engine of another user asks for a board in sealed memory.
///
/// Everybody may knock; the kernel says who it is, and one user is let in. The engine gets the board with
/// ``BoardReader/knock(at:fromUser:now:)``, and again after each restart of either side.
public final class BoardDoor: Sendable {
    private let path: String
    private let listener: Int32
    private let board: BoardOwner
    private let user: UInt32

    /// Opens the door.
    /// - Parameters:
    ///   - path: The socket's name. One that nobody listens under any more is taken over.
    ///   - board: One of ``BoardOwner/createSealed(slots:now:)``.
    ///   - user: The engine's user.
    public init(at path: String, to board: BoardOwner, forUser user: UInt32) throws(BoardError) {
        listener = loopguard_listen(path)
        guard listener >= 0 else { throw .last("listen at '\(path)'") }
        self.path = path
        self.board = board
        self.user = user
    }

    deinit {
        close(listener)
        unlink(path)
    }

    /// Lets in whoever has knocked, if it is the engine's user. Call it together with ``BoardOwner/maintain(now:)``, on a
    /// thread that may wait: a stranger or a silent engine holds it up for half a second at most.
    /// - Returns: What went wrong with those who were not let in.
    @discardableResult
    public func answer() -> [BoardError] {
        var problems: [BoardError] = []
        // A few at a time, so that one who knocks without end holds nobody up without end.
        for _ in 0..<8 {
            let connection = loopguard_accept(listener)
            guard connection >= 0 else { break }
            defer { close(connection) }
            do throws(BoardError) {
                try limitWaiting(connection, milliseconds: 500)
                try board.share(over: connection, withUser: user)
            } catch { problems.append(error) }
        }
        return problems
    }
}

extension BoardReader {
    /// Asks at the gateway's door for its board.
    /// - Parameters:
    ///   - path: The socket's name.
    ///   - user: The gateway's user.
    /// - Throws: ``BoardError``; `absent` when no gateway listens there (yet).
    public static func knock(
        at path: String,
        fromUser user: UInt32,
        now: BoardTime = .now()
    ) throws(BoardError) -> BoardReader {
        let connection = loopguard_connect(path)
        guard connection >= 0 else {
            throw errno == ENOENT || errno == ECONNREFUSED ? .absent(path: path) : .last("connect to '\(path)'")
        }
        defer { close(connection) }
        try limitWaiting(connection, milliseconds: 10_000)
        return try receive(over: connection, fromUser: user, now: now)
    }
}

private func limitWaiting(_ socket: Int32, milliseconds: UInt32) throws(BoardError) {
    guard loopguard_limit_waiting(socket, milliseconds) == 0 else { throw .last("limit the time to wait on a socket") }
}

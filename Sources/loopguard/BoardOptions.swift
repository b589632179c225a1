import ArgumentParser
import CancelBoard
import EmbeddedEngine
import Foundation
import GenerationWire
import Logging
import ServiceLifecycle

/// Where gateway and engine find the cancel board that they share.
struct BoardPlace: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The directory of the cancel board that gateway and engine share, best on tmpfs such as /run/loopguard.",
            valueName: "directory"
        )
    )
    var board: String?

    @Option(
        help: ArgumentHelp(
            """
            Instead of a directory, for a gateway and an engine of different users: the socket at which the engine gets \\
            the board from the gateway.
            """,
            valueName: "socket"
        )
    )
    var boardDoor: String?

    @Option(help: "With --board-door, the user that the other side runs as: a name or a number.")
    var boardUser: String?

    func validate() throws {
        if board != nil, boardDoor != nil { throw ValidationError("--board and --board-door exclude each other.") }
        if (boardDoor == nil) != (boardUser == nil) {
            throw ValidationError("--board-door and --board-user need each other.")
        }
        if boardUser != nil { _ = try user() }
    }

    /// The number of the other side's user.
    func user() throws -> UInt32 {
        guard let boardUser else { throw ValidationError("--board-user is missing.") }
        if let number = UInt32(boardUser) { return number }
        guard let entry = getpwnam(boardUser) else {
            throw ValidationError("--board-user: there is no user '\(boardUser)' on this machine.")
        }
        return entry.pointee.pw_uid
    }

    /// What the engine reads its flags from; `nil` when no board is named.
    func source(_ logger: Logger) throws -> BoardCancelSource? {
        if let board { return BoardCancelSource(.directory(board), logger: logger) }
        if let boardDoor { return BoardCancelSource(.door(boardDoor, user: try user()), logger: logger) }
        return nil
    }
}

/// How the gateway keeps a board for an engine that is not its own.
struct BoardOptions: ParsableArguments {
    @OptionGroup var place: BoardPlace

    @Option(help: "How many runs can have a flag on the cancel board at the same time.")
    var boardSlots = 1_024

    @Option(help: "The header in which the engine learns the place of a run's flag.")
    var boardHeader = BoardCancelSource.header

    @Option(
        help: ArgumentHelp(
            """
            A field of the request's body in which the engine learns the same, for engines that pass no headers on, such \\
            as vllm_xargs.loopguard_cancel or custom_params.loopguard_cancel.
            """,
            valueName: "path"
        )
    )
    var boardField: String?

    func validate() throws {
        let limits = BoardLayout.slotLimits
        if !limits.contains(boardSlots) {
            throw ValidationError(
                "--board-slots must be from \(limits.lowerBound) to \(limits.upperBound), not \(boardSlots)."
            )
        }
        if let boardField, BodyField(parsing: boardField) == nil {
            throw ValidationError("--board-field must be names joined by dots, not '\(boardField)'.")
        }
    }

    var isNamed: Bool { place.board != nil || place.boardDoor != nil }

    /// Makes the board, with the door to it if it has one; `nil` when none is named.
    func open(_ logger: Logger) throws -> (board: BoardOwner, door: DoorService?)? {
        do throws(BoardError) {
            if let path = place.board { return (try BoardOwner.create(at: path, slots: boardSlots), nil) }
        } catch {
            throw ValidationError("--board: \(error)")
        }
        guard let path = place.boardDoor else { return nil }
        let user = try place.user()
        do throws(BoardError) {
            let board = try BoardOwner.createSealed(slots: boardSlots)
            return (board, DoorService(door: try BoardDoor(at: path, to: board, forUser: user), logger: logger))
        } catch {
            throw ValidationError("--board-door: \(error)")
        }
    }
}

/// Lets the engine in that knocks at the board's door, for as long as the process runs.
struct DoorService: Service {
    let door: BoardDoor
    let logger: Logger
    /// Answering may wait for a stranger, which no thread of the pool should.
    private let queue = DispatchQueue(label: "loopguard.board-door")

    init(door: BoardDoor, logger: Logger) {
        self.door = door
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await answer()
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func answer() async {
        await withCheckedContinuation { continuation in
            queue.async {
                for problem in door.answer() {
                    logger.warning("someone was not let in at the board's door", metadata: ["error": "\(problem)"])
                }
                continuation.resume()
            }
        }
    }
}

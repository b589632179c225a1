#if os(Linux)
import Cancellation
import Foundation
import Glibc
import Testing

@testable import CancelBoard

/// The board in sealed memory, passed over a socket.
struct BoardSharingTests {
    /// Two connected sockets, closed with this object.
    private final class Pair: Sendable {
        let gateway: Int32
        let engine: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
            (gateway, engine) = (ends[0], ends[1])
        }

        deinit {
            close(gateway)
            close(engine)
        }
    }

    private func share(_ board: BoardOwner) async throws -> BoardReader {
        let pair = try Pair()
        async let reader = onThread { try BoardReader.receive(over: pair.engine, fromUser: geteuid()) }
        try await onThread { try board.share(over: pair.gateway, withUser: geteuid()) }
        return try await reader
    }

    @Test func aBoardWithoutANameWorksLikeAnyOther() async throws {
        let board = try BoardOwner.createSealed(slots: 2)
        let reader = try await share(board)
        let run = try #require(board.claim(runHash: 1))
        #expect(reader.admit(run) == .admitted)
        #expect(board.cancel(run, .userStop) == .accepted)
        #expect(reader.isCancelled(run))
        #expect(reader.finish(run, .cancelled, tokens: 1, step: 2))
        #expect(board.acknowledgement(run)?.isConfirmedCancel == true)
        #expect(board.release(run, connectionEnded: true) == .freed)
    }

    @Test func nobodyElseCanWriteToSharedMemoryOrCutItShort() throws {
        let board = try BoardOwner.createSealed(slots: 2)
        let file = try #require(board.command.descriptor)
        #expect(ftruncate(file, 0) == -1 && errno == EPERM)
        #expect(ftruncate(file, 1_000_000) == -1 && errno == EPERM)
        #expect(mmap(nil, 4_096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED && errno == EPERM)
        var byte: UInt8 = 0
        #expect(write(file, &byte, 1) == -1 && errno == EPERM)
    }

    @Test func aStrangerIsRefused() throws {
        let board = try BoardOwner.createSealed(slots: 2)
        let pair = try Pair()
        let stranger = geteuid() + 1
        let refusal = BoardError.unsafe(
            path: "the socket",
            why: "user \(geteuid()) is at the other end, not \(stranger)"
        )
        #expect(throws: refusal) { try board.share(over: pair.gateway, withUser: stranger) }
        #expect(throws: refusal) { try BoardReader.receive(over: pair.engine, fromUser: stranger) }
    }

    @Test func memoryThatIsNotSealedIsRefused() throws {
        let place = TemporaryDirectory()
        let file = open(place.path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        try #require(file >= 0 && ftruncate(file, 8_192) == 0)
        #expect(throws: BoardError.self) { try BoardMemory.sealed(receiving: file) }
    }

    @Test func aBoardInFilesIsNotPassedOn() throws {
        let place = TemporaryDirectory()
        let board = try BoardOwner.create(at: place.path, slots: 1)
        let pair = try Pair()
        #expect(throws: BoardError.self) { try board.share(over: pair.gateway, withUser: geteuid()) }
    }

    @Test func anEngineThatHangsUpIsAnError() throws {
        let board = try BoardOwner.createSealed(slots: 1)
        let pair = try Pair()
        shutdown(pair.engine, Int32(SHUT_WR))
        #expect(throws: BoardError.self) { try board.share(over: pair.gateway, withUser: geteuid()) }
    }

    @Test func anEngineThatKnocksGetsTheBoard() async throws {
        let place = TemporaryDirectory()
        let board = try BoardOwner.createSealed(slots: 2)
        #expect(throws: BoardError.absent(path: place.path)) {
            try BoardReader.knock(at: place.path, fromUser: geteuid())
        }
        let door = try BoardDoor(at: place.path, to: board, forUser: geteuid())
        for _ in 0..<2 {
            // The second time it has been restarted.
            async let knocking = onThread { [path = place.path] in
                try BoardReader.knock(at: path, fromUser: geteuid())
            }
            let before = board.engineHeartbeat
            while board.engineHeartbeat == before {
                #expect(door.answer() == [])
                await Task.yield()
            }
            let reader = try await knocking
            let run = try #require(board.claim(runHash: 1))
            #expect(reader.admit(run) == .admitted)
            #expect(board.acknowledgement(run)?.state == .bound)
            #expect(reader.finish(run, .natural, tokens: 1, step: 1))
            #expect(board.release(run, connectionEnded: true) == .freed)
        }
    }

    @Test func aStrangerWhoKnocksIsNotLetIn() async throws {
        let place = TemporaryDirectory()
        let board = try BoardOwner.createSealed(slots: 2)
        let door = try BoardDoor(at: place.path, to: board, forUser: geteuid() + 1)
        let knocking = Task {
            try await onThread { [path = place.path] in try BoardReader.knock(at: path, fromUser: geteuid()) }
        }
        var problems: [BoardError] = []
        while problems.isEmpty {
            problems = door.answer()
            await Task.yield()
        }
        #expect(problems.first?.description.contains("user \(geteuid()) is at the other end") == true)
        await #expect(throws: BoardError.self) { _ = try await knocking.value }
        #expect(board.engine == nil)
    }

    @Test func aDoorIsTakenOverOnlyFromTheDead() throws {
        let place = TemporaryDirectory()
        let board = try BoardOwner.createSealed(slots: 2)
        let first = try BoardDoor(at: place.path, to: board, forUser: geteuid())
        #expect(throws: BoardError.self) { try BoardDoor(at: place.path, to: board, forUser: geteuid()) }
        withExtendedLifetime(first) {}
        // What a killed gateway leaves: a name without a listener.
        let left = TemporaryDirectory()
        var address = sockaddr_un()
        address.sun_family = UInt16(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(left.path.utf8)) }
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        close(dead)
        _ = try BoardDoor(at: left.path, to: board, forUser: geteuid())
    }
}

/// Runs what waits for another thread on a thread of its own: the pool may have no second one.
private func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}
#endif

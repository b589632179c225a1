import Cancellation
import Foundation
import Testing

@testable import CancelBoard

/// The board in files, within one process.
struct BoardFileTests {
    private let place = TemporaryDirectory()
    private var path: String { place.path }

    private func mode(_ name: String) throws -> Int {
        let facts = try FileManager.default.attributesOfItem(atPath: name)
        return try #require(facts[.posixPermissions] as? Int)
    }

    @Test func theFilesCanBeOpenedByTheirOwnerAlone() throws {
        let board = try BoardOwner.create(at: path, slots: 3)
        let reader = try BoardReader.open(at: path)
        #expect(try mode(path) == 0o700)
        #expect(try mode("\(path)/board.cmd") == 0o600)
        #expect(try mode("\(path)/board.ack") == 0o600)
        #expect(reader.epoch == board.epoch && reader.slotCount == 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["board.ack", "board.cmd"])
    }

    @Test func gatewayAndEngineFindEachOther() throws {
        let board = try BoardOwner.create(at: path, slots: 3)
        let run = try #require(board.claim(runHash: 1))
        #expect(board.engine == nil)
        let reader = try BoardReader.open(at: path)
        board.maintain()
        #expect(board.engine?.identifier == ProcessInfo.processInfo.processIdentifier)
        #expect(reader.admit(run) == .admitted)
        #expect(board.acknowledgement(run)?.state == .bound)
        #expect(board.cancel(run, .userStop) == .accepted)
        #expect(reader.isCancelled(run))
        #expect(reader.finish(run, .cancelled, tokens: 5, step: 6))
        #expect(board.acknowledgement(run) == BoardAcknowledgement(state: .final(.cancelled), tokens: 5, step: 6))
    }

    @Test func namesGoWithTheirOwners() throws {
        do {
            let board = try BoardOwner.create(at: path, slots: 1)
            let reader = try BoardReader.open(at: path)
            withExtendedLifetime((board, reader)) {}
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
        #expect(throws: BoardError.absent(path: "\(path)/board.cmd")) { try BoardReader.open(at: path) }
    }

    @Test func S15_theEngineNoticesANewGateway() throws {
        let first = try BoardOwner.create(at: path, slots: 1)
        let reader = try BoardReader.open(at: path)
        let old = try #require(first.claim(runHash: 1))
        #expect(!reader.isReplaced)
        let second = try BoardOwner.create(at: path, slots: 1)
        #expect(reader.isReplaced)
        let new = try #require(second.claim(runHash: 1))
        #expect(reader.admit(new) == .foreignEpoch)
        #expect(second.engine == nil, "an answer to another gateway is none to this one")
        let next = try BoardReader.open(at: path)
        #expect(next.admit(new) == .admitted)
        #expect(next.admit(old) == .foreignEpoch)
        #expect(reader.admit(old) == .admitted, "the old runs go on with the old board")
        second.maintain()
        #expect(second.acknowledgement(new)?.state == .bound)
    }

    @Test func anEngineThatCameBackIsFound() throws {
        let board = try BoardOwner.create(at: path, slots: 2)
        var reader = try BoardReader.open(at: path)
        board.maintain()
        let lost = try #require(board.claim(runHash: 1))
        #expect(reader.admit(lost) == .admitted)
        reader = try BoardReader.open(at: path)
        board.maintain()
        #expect(board.acknowledgement(lost)?.state == BoardAcknowledgement.State.none)
        let next = try #require(board.claim(runHash: 2))
        #expect(reader.admit(next) == .admitted)
        #expect(board.acknowledgement(next)?.state == .bound)
    }

    // MARK: What is refused

    private func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was refused"
        } catch { return "\(error)" }
    }

    @Test func aDirectoryThatOthersMayWriteToIsRefused() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
        #expect(refusal { _ = try BoardOwner.create(at: path, slots: 1) }.contains("must be 0700"))
        #expect(refusal { _ = try BoardReader.open(at: path) }.contains("must be 0700"))
    }

    @Test func aFileThatOthersMayOpenIsRefused() throws {
        let board = try BoardOwner.create(at: path, slots: 1)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(path)/board.cmd")
        #expect(refusal { _ = try BoardReader.open(at: path) }.contains("must be 0600"))
        withExtendedLifetime(board) {}
    }

    @Test func aLinkInPlaceOfTheBoardIsRefused() throws {
        let board = try BoardOwner.create(at: path, slots: 1)
        try FileManager.default.moveItem(atPath: "\(path)/board.cmd", toPath: "\(path)/elsewhere")
        try FileManager.default.createSymbolicLink(atPath: "\(path)/board.cmd", withDestinationPath: "elsewhere")
        #expect(refusal { _ = try BoardReader.open(at: path) }.contains("cannot open"))
        withExtendedLifetime(board) {}
    }

    @Test(arguments: [
        (0, "LGCANCL2", "magic"),
        (8, "\u{2}\0\0\0", "version 2"),
        (16, "\0\0\0\0", "0 slots"),
        (16, "\u{2}\0\0\0", "2 slots take"),
        (20, "\u{40}\0\0\0", "of 64 bytes"),
    ])
    func aBoardThatCannotBeReadIsRefusedWithTheReason(offset: Int, bytes: String, reason: String) throws {
        let board = try BoardOwner.create(at: path, slots: 1)
        let file = try #require(FileHandle(forUpdatingAtPath: "\(path)/board.cmd"))
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data(bytes.utf8))
        try file.close()
        #expect(refusal { _ = try BoardReader.open(at: path) }.contains(reason))
        withExtendedLifetime(board) {}
    }

    @Test(arguments: [0, 7, 4_096, 4_223, 5_000])
    func aFileOfTheWrongSizeIsRefused(size: UInt64) throws {
        let board = try BoardOwner.create(at: path, slots: 1)
        try FileHandle(forUpdatingAtPath: "\(path)/board.cmd")?.truncate(atOffset: size)
        #expect(refusal { _ = try BoardReader.open(at: path) }.contains("bytes"))
        withExtendedLifetime(board) {}
    }

    @Test func nonsenseThatWasLeftBehindIsReplaced() throws {
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        for name in ["board.cmd", "board.cmd.new", "board.ack", "board.ack.new"] {
            try Data("nonsense".utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        }
        let board = try BoardOwner.create(at: path, slots: 1)
        let reader = try BoardReader.open(at: path)
        #expect(reader.epoch == board.epoch)
    }
}

/// A directory's name on tmpfs where there is one; whatever gets it goes with this object.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        path = "\(parent)/loopguard-board-test-\(UInt64.random(in: 0...(.max)))"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

#if os(Linux)
import CancelBoard
import Cancellation
import Foundation
import Testing

@testable import loopguard_bench

/// `integrations/c/loopguard_board.h`, compiled with every warning on and run against a board of ours.
struct HeaderTests {
    private static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("../../integrations/c").standardized

    private let place = TemporaryDirectory()

    private func compile(_ compiler: [String], to program: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let source = Self.folder.appendingPathComponent("board_example.c").path
        process.arguments = compiler + ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", source, "-o", program]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(compiler) refuses the header")
    }

    /// Swift's own clang, and the system's compiler where there is one.
    private static let compilers = [
        ["clang", "-std=c11"], ["clang++", "-x", "c++", "-std=c++17"], ["cc", "-std=c11"],
        ["c++", "-x", "c++", "-std=c++17"],
    ]
    .filter { compiler in
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(compiler[0])") }
    }

    @Test(arguments: compilers) func anEngineInCReadsAndAnswersTheBoard(compiler: [String]) throws {
        let board = try BoardOwner.create(at: place.path, slots: 4)
        let program = "\(place.path)/example"
        try compile(compiler, to: program)
        let engine = try PipedProcess(program: program, [place.path])
        try #require(engine.readLine() == "ready")
        board.maintain()
        #expect(board.engine?.identifier == engine.pid)

        let run = try #require(board.claim(runHash: 1))
        let other = try #require(board.claim(runHash: 2))
        #expect(try engine.ask("admit \(run)") == "admitted")
        #expect(try engine.ask("admit \(other)") == "admitted")
        #expect(try engine.ask("poll") == "true")
        #expect(board.acknowledgement(run)?.state == .bound)
        #expect(try engine.ask("state \(run)") == "running 0")
        #expect(board.cancel(run, .guardTrip(detector: 4)) == .accepted)
        #expect(try engine.ask("poll") == "true")
        #expect(try engine.ask("state \(run)") == "cancelled 36")
        #expect(try engine.ask("state \(other)") == "running 0")
        #expect(try engine.ask("finish \(run) 2 17") == "true")
        #expect(try engine.ask("finish \(run) 1 18") == "false")
        #expect(board.acknowledgement(run)?.state == .final(.cancelled))
        #expect(board.acknowledgement(run)?.tokens == 17)
        #expect(board.release(run, connectionEnded: true) == .freed)
        #expect(try engine.ask("admit \(run)") == "orphan")
        #expect(try engine.ask("state \(run)") == "orphan 0")

        let early = try #require(board.claim(runHash: 3))
        #expect(board.cancel(early, .deadline) == .accepted)
        #expect(try engine.ask("admit \(early)") == "cancelled")
        #expect(try engine.ask("admit 0123456789abcdef:0:1") == "foreign")
        for text in ["nonsense", "00000000000000ab:7", "00000000000000ab:-7:1", "00000000000000ab:7:0", "ab:7:1"] {
            #expect(try engine.ask("admit \(text)") == "bad handle")
        }
        #expect(engine.finish() == 0)
        #expect(FileManager.default.fileExists(atPath: "\(place.path)/board.ack") == false)
    }

    @Test func anEngineInCIsKeptFromABoardThatIsNotSafe() throws {
        let board = try BoardOwner.create(at: place.path, slots: 1)
        let program = "\(place.path)/example"
        try compile(#require(Self.compilers.first), to: program)
        #expect(try PipedProcess(program: program, ["\(place.path)/nowhere"]).readLine() == "absent")
        let reader = try BoardReader.open(at: place.path)
        #expect(try PipedProcess(program: program, [place.path]).readLine() == "in use")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(place.path)/board.cmd")
        #expect(try PipedProcess(program: program, [place.path]).readLine() == "unsafe")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(place.path)/board.cmd")
        try FileHandle(forUpdatingAtPath: "\(place.path)/board.cmd")?.truncate(atOffset: 4_200)
        #expect(try PipedProcess(program: program, [place.path]).readLine() == "unreadable")
        withExtendedLifetime((board, reader)) {}
    }
}
#endif

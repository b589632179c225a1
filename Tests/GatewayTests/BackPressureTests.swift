import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct BackPressureTests {
    static let piece = String(repeating: "x", count: 16_384)
    /// Far more than what the kernel keeps for two connections.
    static let pieces = 4_096

    /// Returns when nothing was counted for half a second.
    private func stall(of counter: borrowing Atomic<Int>) async throws -> Int {
        var last = -1
        while counter.load(ordering: .acquiring) != last {
            last = counter.load(ordering: .acquiring)
            try await Task.sleep(for: .milliseconds(500))
        }
        return last
    }

    @Test func aClientThatDoesNotReadHoldsUpTheEngineAndLosesNothing() async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.countOnly()
            try await client.reads(false)
            try await client.send("GET /v1/files/1/content HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let call = try await rig.upstream.nextCall()
            try await call.beginStream()
            let sent = Sent()
            async let sending: Void = {
                for _ in 0..<Self.pieces {
                    try await call.chunk(Self.piece)
                    sent.pieces.wrappingAdd(1, ordering: .releasing)
                }
                try await call.endStream()
            }()
            let stalled = try await stall(of: sent.pieces)
            #expect(stalled < Self.pieces / 4, "the gateway takes what nobody reads")
            try await client.reads(true)
            let total = Self.pieces * Self.piece.utf8.count
            #expect(try await client.count(reaches: total) >= total)
            try await sending
        }
    }

    private final class Sent: Sendable { let pieces = Atomic<Int>(0) }
}

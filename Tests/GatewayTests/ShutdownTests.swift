import Cancellation
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct ShutdownTests {
    @Test func aRunningStreamMayFinishWithinTheGrace() async throws {
        try await Rig.run { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            _ = try await client.received { $0.contains("\r\n\r\n") }
            async let down: Void = rig.gateway.shutdown(grace: .seconds(30))
            try await call.chunk(Rig.ending)
            try await call.endStream()
            #expect(try await client.answer(to: "POST").body == Rig.ending)
            try await client.closed()
            try await down
        }
    }

    @Test func aStreamThatOutlivesTheGraceIsEndedInOrder() async throws {
        let flags = try Flags()
        try await Rig.run {
            $0.board = flags.board
        } _: { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.event("a"))
            _ = try await client.received { $0.contains("chatcmpl-1") }
            let idle = try await rig.client()
            #expect(try await rig.ask("GET", "/healthz").status == 200)
            try await rig.gateway.shutdown(grace: .zero)
            // The body is whole: the stream was ended, not cut.
            #expect(try await client.answer(to: "POST").status == 200)
            try await call.connectionClosed()
            try await idle.closed()
            #expect(try flags.reason(of: call) == .shutdown)
        }
    }
}

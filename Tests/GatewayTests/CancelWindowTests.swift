import Cancellation
import NIOHTTP1
import Testing

@testable import Gateway

/// A client that goes away cancels its run in every window, seen from the engine.
@Suite(.timeLimit(.minutes(1))) struct CancelWindowTests {
    enum Window: CaseIterable { case beforeHeaders, afterHeaders, midStream, nonStreaming, unguarded }

    @Test(arguments: RawClient.Leaving.allCases, Window.allCases)
    func X1_X2_X3_X4_T9_theEngineSeesThatTheClientLeft(how: RawClient.Leaving, window: Window) async throws {
        let flags = try Flags()
        try await Rig.run {
            $0.board = flags.board
        } _: { rig in
            let client: RawClient
            let call: ScriptedUpstream.Call
            switch window {
            case .unguarded:
                client = try await rig.client()
                try await client.send("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
                call = try await rig.upstream.nextCall()
            default: (client, call) = try await rig.generation(stream: window != .nonStreaming)
            }
            if window == .afterHeaders || window == .midStream {
                try await call.beginStream()
                _ = try await client.received { $0.contains("\r\n\r\n") }
            }
            if window == .midStream {
                try await call.chunk(Rig.event("a"))
                _ = try await client.received { $0.contains("chatcmpl-1") }
            }
            try await client.leave(how)
            try await call.connectionClosed()
            guard window != .unguarded else { return }
            #expect(try flags.reason(of: call) == .clientDisconnect)
            try flags.confirm(call)
            let list = try await rig.runs { $0.contains(#""state":"disconnected""#) }
            #expect(list.contains(#""reason":"client_disconnect""#))
            #expect(list.contains(try #require(call.head.headers.first(name: "x-loopguard-run-id"))))
        }
    }
}

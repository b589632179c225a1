import Guard
import Rules
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct KeepAliveTests {
    private static let call = [
        #"{"index":0,"id":"call_1","type":"function","function":{"name":"read","arguments":"{\"path\":"}}"#,
        #"{"index":0,"function":{"arguments":"\"a\"}"}}"#,
    ].map {
        #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"#
            + #""delta":{"tool_calls":[\#($0)]},"finish_reason":null}]}"# + "\n\n"
    }

    private func run(_ keepAlive: GuardSettings.KeepAlive, _ test: (Rig) async throws -> Void) async throws {
        try await Rig.run {
            $0.keepAliveInterval = .milliseconds(20)
            $0.rules = { facts in
                var resolution = RuleSet.default.resolve(facts)
                resolution.settings.keepAlive = keepAlive
                return resolution
            }
        } _: { rig in
            try await test(rig)
        }
    }

    @Test func aHeldCallIsWaitedForWithComments() async throws {
        try await run(.comment) { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Self.call[0])
            let waiting = try await client.received { $0.split(separator: ": keep-alive\n\n").count > 3 }
            #expect(!waiting.contains("call_1"))
            try await call.chunk(Self.call[1] + Rig.ending)
            try await call.endStream()
            let body = try await client.answer(to: "POST").body
            #expect(body.replacing(": keep-alive\n\n", with: "") == Self.call.joined() + Rig.ending)
        }
    }

    @Test func aClientThatCountsEventsGetsEvents() async throws {
        try await run(.event) { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Rig.event("a") + Self.call[0])
            let text = try await client.received { $0.split(separator: "chat.completion.chunk").count > 4 }
            #expect(!text.contains("call_1"))
            try await call.chunk(Self.call[1] + Rig.ending)
            try await call.endStream()
            #expect(try await client.answer(to: "POST").body.hasSuffix(Self.call.joined() + Rig.ending))
        }
    }

    @Test func withoutTheSettingNothingIsAdded() async throws {
        try await run(.none) { rig in
            let (client, call) = try await rig.generation()
            try await call.beginStream()
            try await call.chunk(Self.call[0])
            // A silence of several intervals.
            try await Task.sleep(for: .milliseconds(120))
            try await call.chunk(Self.call[1] + Rig.ending)
            try await call.endStream()
            #expect(try await client.answer(to: "POST").body == Self.call.joined() + Rig.ending)
        }
    }
}

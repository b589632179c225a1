import Foundation
import GenerationWire
import Testing

@testable import Gateway

/// Answers in one piece, in every format that a path leads to.
@Suite(.timeLimit(.minutes(1))) struct EveryFormatTests {
    struct Route: Sendable, CustomTestStringConvertible {
        var path: String
        var format: WireFormat
        var testDescription: String { path }
    }

    static let routes: [Route] = [
        "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages", "/api/chat", "/api/generate",
        "/completion",
    ].compactMap { path in WireFormat(path: path).map { Route(path: path, format: $0) } }

    /// The streams of the format in `fixtures/pairs`.
    private static func streams(_ format: WireFormat) throws -> [[UInt8]] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("fixtures/pairs")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasPrefix(format.rawValue + "-") && !$0.hasSuffix(".json") && !$0.contains("two") }
            .map { Array(try Data(contentsOf: folder.appendingPathComponent($0))) }
    }

    private static func whole(_ stream: [UInt8], _ format: WireFormat) -> String {
        var aggregator = StreamAggregator(for: GenerationRequest(format: format))
        aggregator.receive(stream.span)
        guard case .body(let body) = aggregator.finish() else { return "" }
        return String(decoding: body, as: UTF8.self)
    }

    private func begin(_ call: ScriptedUpstream.Call, _ format: WireFormat) async throws {
        let type = format.streamMediaType
        try await call.send("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n")
    }

    @Test(arguments: routes) func theClientGetsOneBody(route: Route) async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            for stream in try Self.streams(route.format) {
                try await client.post(route.path, #"{"model":"m","stream":false}"#)
                let call = try await rig.upstream.nextCall()
                #expect(call.text.contains(#""stream":true"#))
                try await begin(call, route.format)
                try await call.chunk(String(decoding: stream, as: UTF8.self))
                try await call.endStream()
                let answer = try await client.answer(to: "POST")
                #expect(answer.status == 200 && answer["content-type"] == "application/json")
                #expect(answer.body == Self.whole(stream, route.format))
            }
        }
    }

    @Test(arguments: routes) func aFaultInTheMiddleIsAnErrorInTheFormat(route: Route) async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.post(route.path, #"{"model":"m","stream":false}"#)
            let call = try await rig.upstream.nextCall()
            try await begin(call, route.format)
            let stream = try #require(try Self.streams(route.format).first)
            try await call.chunk(String(decoding: stream.prefix(stream.count / 3), as: UTF8.self))
            try await call.close()
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 502)
            let message = "The engine closed the connection before its answer was complete."
            let expected = UpstreamFailure(kind: .reset, message: message).reply(in: route.format)
            #expect(answer.body == String(decoding: expected.body, as: UTF8.self))
        }
    }

    @Test(arguments: routes) func S2_aCancelBeforeTheAnswerIsAWholeAnswer(route: Route) async throws {
        try await Rig.run { rig in
            let client = try await rig.client()
            try await client.post(route.path, #"{"model":"m","stream":false}"#)
            let call = try await rig.upstream.nextCall()
            let list = try await rig.ask("GET", "/v1/requests").body
            let start = try #require(list.firstRange(of: "run_")).lowerBound
            #expect(try await rig.ask("DELETE", "/v1/requests/\(list[start...].prefix(36))").status == 200)
            try await call.connectionClosed()
            let answer = try await client.answer(to: "POST")
            #expect(answer.status == 200 && answer["content-type"] == "application/json")
            #expect(JSONSerialization.isValidJSONObject(try JSONSerialization.jsonObject(with: Data(answer.body.utf8))))
        }
    }
}

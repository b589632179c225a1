import GenerationWire
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Gateway

/// Conversations that the engine keeps, remembered from one exchange to the next.
struct RememberingTests {
    private let loop = EmbeddedEventLoop()
    private let gateway: GatewayContext

    init() throws {
        gateway = GatewayContext(configuration: GatewayConfiguration(upstream: try UpstreamURL("http://e")))
    }

    private func exchange(_ body: String, authorization: String = "Bearer a") -> Exchange {
        let pool = UpstreamPool(loop: loop, configuration: gateway.configuration)
        let client = ClientHandler(gateway: gateway, pool: pool, codec: ClientCodec())
        let head = HTTPRequestHead(
            version: .http1_1,
            method: .POST,
            uri: "/v1/responses",
            headers: ["authorization": authorization]
        )
        let generation = GenerationRequest(format: .responses, body: Array(body.utf8).span)
        let request = Exchange.Request(
            head: head,
            body: .whole(ByteBuffer(string: body)),
            kind: .generation(.responses),
            generation: generation
        )
        return Exchange(request, client: client, pool: pool, gateway: gateway, loop: loop)
    }

    private func past(_ exchange: Exchange) throws -> [String] {
        var generation = try #require(exchange.request.generation)
        exchange.recall(into: &generation)
        return generation.conversation.rounds.flatMap(\.calls).map { call in
            "\(call.name)=" + (call.result.map { String(decoding: $0.text, as: UTF8.self) } ?? "-")
        }
    }

    private func response(_ id: String, calls call: String) -> [UInt8] {
        Array(
            #"{"id":"\#(id)","output":[{"type":"function_call","call_id":"\#(call)","name":"f","arguments":"{}"}]}"#
                .utf8
        )
    }

    @Test(arguments: [#""previous_response_id":"r1""#, #""conversation":"c""#])
    func everyTurnIsThereAlthoughEachRequestHoldsOne(thread: String) throws {
        let first = exchange(#"{"input":"go","conversation":{"id":"c"}}"#)
        #expect(try past(first).isEmpty)
        first.remember(response("r1", calls: "1"))
        let result = #"{"type":"function_call_output","call_id":"1","output":"x"}"#
        let second = exchange("{\(thread),\"input\":[\(result)]}")
        #expect(try past(second) == ["f=x"])
        second.remember(response("r2", calls: "2"))
        let third = exchange(
            #"{"previous_response_id":"r2","input":[{"type":"function_call_output","call_id":"2","output":"y"}]}"#
        )
        #expect(try past(third) == ["f=x", "f=y"])
        #expect(try past(exchange(#"{"previous_response_id":"r2"}"#, authorization: "Bearer b")).isEmpty)
    }

    @Test func whatIsNotStoredIsNotRemembered() throws {
        exchange(#"{"input":"go","store":false}"#).remember(response("r1", calls: "1"))
        #expect(try past(exchange(#"{"previous_response_id":"r1"}"#)).isEmpty)
    }
}

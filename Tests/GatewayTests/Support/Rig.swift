import Logging
import NIOCore

@testable import Gateway

/// A gateway between a scripted engine and raw clients.
struct Rig: Sendable {
    let upstream: ScriptedUpstream
    let gateway: GatewayServer
    let port: Int

    static func run(
        _ configure: (inout GatewayConfiguration) -> Void = { _ in },
        _ test: (Rig) async throws -> Void
    ) async throws {
        let upstream = try await ScriptedUpstream.start()
        var configuration = GatewayConfiguration(upstream: try UpstreamURL("http://127.0.0.1:\(upstream.port)"))
        configuration.port = 0
        configuration.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        configure(&configuration)
        let gateway = GatewayServer(configuration: configuration)
        let address = try await gateway.start()
        let rig = Rig(upstream: upstream, gateway: gateway, port: address.port!)
        do {
            try await test(rig)
        } catch {
            try? await gateway.shutdown(grace: .zero)
            try? await upstream.stop()
            throw error
        }
        try await gateway.shutdown(grace: .zero)
        try? await upstream.stop()
    }

    func client() async throws -> RawClient { try await RawClient.connect(to: port) }

    /// Asks one of the gateway's own routes.
    func ask(
        _ method: String,
        _ path: String,
        _ headers: [(String, String)] = [],
        _ body: String = ""
    ) async throws
        -> Answer
    {
        let client = try await client()
        let lines = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        try await client.send(
            "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(lines)Content-Length: \(body.utf8.count)\r\n"
                + "Connection: close\r\n\r\n\(body)"
        )
        return try await client.answer(to: method)
    }

    /// What the gateway lists once it lists what is awaited.
    func runs(until condition: (String) -> Bool) async throws -> String {
        while true {
            try Task.checkCancellation()
            let list = try await ask("GET", "/v1/requests").body
            if condition(list) { return list }
        }
    }

    /// Sends a generation request and waits until the engine has it.
    func generation(stream: Bool = true) async throws -> (client: RawClient, call: ScriptedUpstream.Call) {
        let client = try await client()
        try await client.post(Self.chat, stream ? #"{"model":"m","stream":true}"# : #"{"model":"m"}"#)
        return (client, try await upstream.nextCall())
    }

    /// Begins a run that names itself; its client has seen the head of the stream.
    func begin(
        _ name: String = "r",
        _ headers: [(String, String)] = []
    ) async throws -> (client: RawClient, call: ScriptedUpstream.Call) {
        let client = try await client()
        let lines = ([("X-Run-Id", name)] + headers).map { "\($0.0): \($0.1)\r\n" }.joined()
        try await client.post(Self.chat, #"{"model":"m","stream":true}"#, headers: lines)
        let call = try await upstream.nextCall()
        try await call.beginStream()
        _ = try await client.received { $0.contains("\r\n\r\n") }
        return (client, call)
    }

    static let chat = "/v1/chat/completions"

    static func event(_ text: String) -> String {
        #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"#
            + #""delta":{"content":"\#(text)"},"finish_reason":null}]}"# + "\n\n"
    }

    static let ending =
        #"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"#
        + #""delta":{},"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n"
}

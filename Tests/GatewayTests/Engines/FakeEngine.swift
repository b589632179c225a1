import Engines
import NIOHTTP1
import Synchronization

@testable import Gateway

/// An engine that behaves as its source says, its bugs included. It works on a run from its request until it notices that
/// the run is to end; when it looks is the test's to say.
final class FakeEngine: Sendable {
    /// When it notices that a connection was closed.
    enum Notice: Sendable { case atOnce, whenItLooks, never }

    /// What one engine does that others do not.
    struct Nature: Sendable {
        var notices = Notice.atOnce
        /// By what it knows a run.
        var name: @Sendable (ScriptedUpstream.Call) -> String = {
            $0.head.headers.first(name: "x-loopguard-run-id") ?? ""
        }
        /// The id in its chunks.
        var chunkID: @Sendable (String) -> String = { $0 }
        /// Answers everything but generations; without an answer the question hangs.
        var answer: @Sendable (ScriptedUpstream.Call, FakeEngine) -> (status: String, body: String)? = { _, _ in
            ("404 Not Found", #"{"detail":"Not Found"}"#)
        }
    }

    private struct State {
        var running: [String: ScriptedUpstream.Call] = [:]
        var unnoticed: Set<String> = []
        var log: [String] = []
    }

    private let nature: Nature
    private let state = Mutex(State())

    init(_ nature: Nature) { self.nature = nature }

    /// A gateway in front of such an engine.
    static func run(
        _ adapter: EngineAdapter,
        _ nature: Nature,
        _ configure: @escaping (inout GatewayConfiguration) -> Void = { _ in },
        _ test: @escaping @Sendable (Rig, FakeEngine) async throws -> Void
    ) async throws {
        try await Rig.run {
            $0.engine = .named(adapter)
            $0.cancelTimes = .quick
            configure(&$0)
        } _: { rig in
            let engine = FakeEngine(nature)
            let serving = Task { try await engine.serve(rig.upstream) }
            defer { serving.cancel() }
            try await test(rig, engine)
        }
    }

    /// Takes calls as long as there are any; each lives as long as its connection.
    private func serve(_ upstream: ScriptedUpstream) async throws {
        while true {
            let call = try await upstream.nextCall()
            Task { try? await self.take(call) }
        }
    }

    private func take(_ call: ScriptedUpstream.Call) async throws {
        guard GenerationPath.isOne(call) else {
            note("\(call.head.method) \(call.head.uri) \(call.text)")
            if let (status, body) = nature.answer(call, self) { try await call.reply(status, body) }
            return
        }
        let name = nature.name(call)
        state.withLock {
            $0.running[name] = call
            $0.log.append("begin \(name)")
        }
        try await call.beginStream()
        try await call.chunk(Rig.event("Hello").replacing("chatcmpl-1", with: nature.chunkID(name)))
        try await call.connectionClosed()
        state.withLock {
            $0.log.append("closed \(name)")
            switch nature.notices {
            case .atOnce: $0.running[name] = nil
            case .whenItLooks: $0.unnoticed.insert(name)
            case .never: break
            }
        }
    }

    /// It looks for closed connections, as its timer makes it, once there is one to be seen.
    func lookForClosed() async throws {
        try await until { self.state.withLock { !$0.unnoticed.isEmpty } }
        state.withLock {
            for name in $0.unnoticed { $0.running[name] = nil }
            $0.unnoticed = []
        }
    }

    /// It aborts whatever runs match.
    func abort(where matches: (String) -> Bool) {
        state.withLock { for name in $0.running.keys where matches(name) { $0.running[name] = nil } }
    }

    /// A run comes to its natural end.
    func finish(_ name: String) async throws {
        let call = state.withLock { $0.running.removeValue(forKey: name) }
        try await call?.chunk(Rig.ending)
        try await call?.endStream()
    }

    var running: [String] { state.withLock { Array($0.running.keys) } }
    var log: [String] { state.withLock { $0.log } }
    func asked(_ text: String) -> Bool { log.contains { $0.contains(text) } }

    private func note(_ line: String) { state.withLock { $0.log.append(line) } }

    private enum GenerationPath {
        static func isOne(_ call: ScriptedUpstream.Call) -> Bool {
            call.head.method == .POST && call.head.uri.hasSuffix("/completions")
        }
    }
}

extension CancelTimes {
    /// Looks often; nothing is given up before the test says so.
    static var quick: CancelTimes {
        var times = CancelTimes()
        times.answer = .seconds(30)
        times.looks = (1...4_000).map { .milliseconds(5 * $0) }
        times.quarantine = .seconds(30)
        times.quarantineLooks = .milliseconds(5)
        return times
    }

    /// Looks twice and gives up.
    static var impatient: CancelTimes {
        var times = quick
        times.looks = [.milliseconds(1), .milliseconds(2)]
        times.quarantine = .zero
        return times
    }
}

extension Rig {
    /// A run whose stream has begun: its client and its id.
    func streaming(
        _ body: String = #"{"model":"m","stream":true}"#,
        path: String = Rig.chat,
        headers: String = ""
    ) async throws -> (client: RawClient, id: String) {
        let client = try await client()
        try await client.post(path, body, headers: headers)
        let text = try await client.received { $0.contains("Hello") }
        return (client, String(text.firstMatch(of: /run_[0-9a-f]{32}/)?.output ?? ""))
    }

    func stop(_ id: String) async throws {
        let answer = try await ask("DELETE", "/v1/requests/\(id)")
        guard answer.status == 200, answer.body.contains(#""cancelled":true"#) else { throw Refused(body: answer.body) }
    }

    struct Refused: Error { let body: String }

    /// What is known of the engine's end, once it is: `confirmed via`.
    func engineWord(of id: String) async throws -> String {
        while true {
            try Task.checkCancellation()
            let run = try await ask("GET", "/v1/runs/\(id)").body
            if let word = run.firstMatch(of: /"confirmed":(true|false|null),"via":"([a-z]+)"/) {
                return "\(word.1) \(word.2)"
            }
            await Task.yield()
        }
    }
}

/// Waits for a condition.
func until(_ condition: @Sendable () async throws -> Bool) async throws {
    while try await !condition() {
        try Task.checkCancellation()
        await Task.yield()
    }
}

import Foundation
import ScriptedServer

/// A gateway as its control API describes it, with runs that a test sets.
actor FakeGateway {
    struct Run {
        var id: String
        var state = "streaming"
        var model = "m"
        var session: String?
        var parent: String?
        var started = 1_795_000_000.0
        var generation = 41
        var reason: String?
        /// More members of the run's object.
        var more: [String: Any] = [:]
    }

    /// What happens to the engine of a run that is stopped.
    enum EngineWord: Sendable {
        case inTheEnd(Bool)
        case later(Bool)
        case never
    }

    private var runs: [Run]
    private let key: String?
    private var listeners: [(call: Call, id: String?)] = []
    private var log: [(id: Int, run: String, text: String)] = []
    private var server: ScriptedServer?
    /// What was asked of it: method, target and body.
    private(set) var asked: [String] = []
    /// The `Last-Event-ID` of each stream.
    private(set) var resumed: [String?] = []
    private(set) var sources: [String?] = []
    var engine = EngineWord.inTheEnd(true)
    var endsStopped = true
    var refusesEvents = false

    init(_ runs: [Run], key: String? = nil) {
        self.runs = runs
        self.key = key
    }

    func set(engine: EngineWord) { self.engine = engine }
    func set(endsStopped: Bool) { self.endsStopped = endsStopped }
    func set(refusesEvents: Bool) { self.refusesEvents = refusesEvents }

    func start() async throws -> String {
        let server = try await ScriptedServer.start { [weak self] call in try await self?.answer(call) }
        self.server = server
        return server.url
    }

    func stop() async { await server?.stop() }

    /// Closes every stream of events.
    func breakStreams() async {
        for listener in listeners { try? await listener.call.close() }
        listeners = []
    }

    var listenerCount: Int { listeners.count }

    // MARK: - Routes

    private func answer(_ call: Call) async throws {
        asked.append("\(call.method) \(call.target) \(call.body)")
        if let key, call.header("Authorization") != "Bearer \(key)" {
            return try await call.reply(Self.error("a control key is needed", "unauthorized"), status: 401)
        }
        let parts = call.path.split(separator: "/").map { $0.removingPercentEncoding ?? "" }
        switch (call.method, parts.count) {
        case ("GET", 2) where parts == ["v1", "runs"]: try await list(call)
        case ("GET", 3) where parts[2] == "events": try await listen(call, nil)
        case ("GET", 4) where parts[3] == "events": try await listen(call, parts[2])
        case ("GET", 3):
            guard let run = runs.first(where: { $0.id == parts[2] }) else { return try await unknown(call) }
            try await call.reply(Self.text(object(run)))
        case ("POST", 4) where parts[3] == "stop":
            sources.append(call.header("X-Loopguard-Source"))
            guard runs.contains(where: { $0.id == parts[2] }) else { return try await unknown(call) }
            let order = (try? JSONSerialization.jsonObject(with: Data(call.body.utf8))) as? [String: Any] ?? [:]
            let answer = stopped(parts[2], order)
            try await call.reply(Self.text(answer), status: answer["cancelled"] as? Bool == true ? 202 : 200)
            await settle(answer)
        case ("POST", 3) where parts[2] == "cancel":
            let order = (try? JSONSerialization.jsonObject(with: Data(call.body.utf8))) as? [String: Any] ?? [:]
            let chosen = runs.filter {
                $0.state == "streaming" && (order["all"] != nil || $0.session == order["session"] as? String)
            }
            let answers = chosen.map { stopped($0.id, ["scope": "run"]) }
            try await call.reply(Self.text(["object": "list", "data": answers]))
            for answer in answers { await settle(answer) }
        default: try await call.reply(Self.error("no such page", "not_found"), status: 404)
        }
    }

    private func list(_ call: Call) async throws {
        let items = URLComponents(string: call.target)?.queryItems ?? []
        func value(_ name: String) -> String? { items.first { $0.name == name }?.value }
        let limit = value("limit").flatMap { Int($0) } ?? 100
        let chosen = runs.filter { run in
            let states = value("state")?.split(separator: ",").map(String.init) ?? []
            let isLive = ["queued", "sent", "streaming", "stopping"].contains(run.state)
            return (value("model") == nil || value("model") == run.model)
                && (value("session") == nil || value("session") == run.session)
                && (states.isEmpty || states.contains(run.state) || states.contains(isLive ? "live" : "ended"))
        }
        try await call.reply(
            Self.text([
                "object": "list", "data": chosen.prefix(limit).map(object), "has_more": chosen.count > limit,
                "live": runs.count { $0.state == "streaming" }, "now": 1_795_000_100.0,
            ])
        )
    }

    private func listen(_ call: Call, _ id: String?) async throws {
        if refusesEvents { return try await call.reply(Self.error("too many listeners", "busy"), status: 503) }
        let last = call.header("Last-Event-ID")
        resumed.append(last)
        let missed = log.filter { event in last.flatMap { Int($0) }.map { event.id > $0 } ?? false }
        // All of it without a wait: as soon as the client sees the head, nothing may pass it by.
        listeners.append((call, id))
        call.openStream(missed.map(\.text).joined() + ": keep-alive\n\n")
    }

    // MARK: - Stopping

    private func stopped(_ id: String, _ order: [String: Any]) -> [String: Any] {
        let index = runs.firstIndex { $0.id == id }!
        var answer: [String: Any] = [
            "run_id": id, "duplicate": false, "generation": runs[index].generation, "cancelled": false,
            "status": "stopped", "state": runs[index].state, "mode": order["mode"] as? String ?? "immediate",
        ]
        if let wanted = order["if_generation"] as? Int, wanted != runs[index].generation {
            answer["reason"] = "stale_owner"
            return answer
        }
        switch runs[index].state {
        case "streaming": break
        case "completed", "failed":
            answer["reason"] = "already_finished"
            return answer
        case "stopping":
            answer["reason"] = "already_stopping"
            return answer
        default:
            answer["reason"] = "already_stopped"
            return answer
        }
        answer["cancelled"] = true
        if order["mode"] as? String == "boundary" { return answer }
        var ids = [id]
        if order["scope"] as? String != "run" {
            while let next = runs.first(where: { ids.contains($0.parent ?? "") && !ids.contains($0.id) }) {
                ids.append(next.id)
            }
        }
        for index in runs.indices where ids.contains(runs[index].id) { runs[index].state = "stopping" }
        answer["state"] = "stopping"
        answer["descendants"] = ids.count - 1
        answer["cancelled_runs"] = ids
        return answer
    }

    /// Ends what is stopping, in the order in which it was named.
    private func settle(_ answer: [String: Any]) async {
        guard endsStopped else { return }
        for id in answer["cancelled_runs"] as? [String] ?? [] {
            let index = runs.firstIndex { $0.id == id }!
            runs[index].state = "stopped"
            runs[index].reason = "user_stop"
            var engineObject: Any = NSNull()
            if case .inTheEnd(let word) = engine { engineObject = Self.engine(word) }
            runs[index].more["engine"] = engineObject
            await tell(
                id,
                "cancel",
                [
                    "state": "stopped", "reason": "user_stop", "source": "cli", "engine": engineObject,
                    "partial": ["bytes": 900, "events": 12, "tokens": 11], "run": object(runs[index]),
                ]
            )
            if case .later(let word) = engine { await tell(id, "engine", ["engine": Self.engine(word)]) }
        }
    }

    /// Sends an event to all who listen.
    func tell(_ run: String, _ name: String, _ facts: [String: Any]) async {
        var facts = facts
        facts["run_id"] = run
        facts["at"] = 1_795_000_050.25
        let id = log.count + 1
        let text = "id: \(id)\nevent: \(name)\ndata: \(Self.text(facts))\n\n"
        log.append((id, run, text))
        for listener in listeners where listener.id == nil || listener.id == run {
            try? await listener.call.chunk(text)
        }
    }

    /// The end of the streams of one run.
    func endStreams(of run: String) async {
        for listener in listeners where listener.id == run { try? await listener.call.endStream() }
        listeners.removeAll { $0.id == run }
    }

    // MARK: - Objects

    private static func engine(_ word: Bool) -> [String: Any] {
        ["name": "llama.cpp", "confirmed": word, "via": "close", "after_ms": 3.5]
    }

    private func object(_ run: Run) -> [String: Any] {
        var object: [String: Any] = [
            "object": "run", "id": run.id, "generation": run.generation, "state": run.state, "model": run.model,
            "kind": "chat_completions", "path": "/v1/chat/completions", "client": "opencode/1.2",
            "session": run.session ?? NSNull(), "parent": run.parent ?? NSNull(), "root": run.id, "depth": 0,
            "started": run.started, "duration_ms": NSNull(), "ttft_ms": 12.3, "bytes": 900, "events": 12,
            "tokens": NSNull(), "max_tokens": 4_096, "reason": run.reason ?? NSNull(), "cancel": NSNull(),
            "engine": NSNull(), "warnings": [Any](), "descendants": 0, "live_descendants": 0,
        ]
        object.merge(run.more) { $1 }
        return object
    }

    private func unknown(_ call: Call) async throws {
        try await call.reply(
            #"{"error":{"message":"no run has this id","type":"not_found","code":"unknown"}}"#,
            status: 404
        )
    }

    private static func error(_ message: String, _ code: String) -> String {
        text(["error": ["message": message, "type": "error", "code": code]])
    }

    static func text(_ object: [String: Any]) -> String {
        String(decoding: try! JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self)
    }
}

import Foundation
import ScriptedServer

/// An engine that behaves as badly as a test wants. It counts up, one number for each token.
actor FakeEngine {
    struct Manners: Sendable {
        /// What it does not notice that its client is gone.
        var ignoresCloseMidStream = false
        var ignoresCloseInPrefill = false
        var ignoresCloseOfWholeAnswers = false
        /// Whether it works on one request at a time.
        var takesTurns = false
        /// What a request does to the one before.
        var interruption = Interruption.none
        /// Whether answers look as if they came through a loopguard.
        var isGateway = false
        /// The owner of its models, by which it is recognised.
        var owner = "llamacpp"
        /// Whether its list of slots tells its load.
        var showsSlots = true
        var slotsAreFrozen = false
        /// The way of cancelling of exo.
        var cancels = false
        var pace = Duration.milliseconds(4)
        var readingPerWord = Duration.microseconds(10)
        var longestPrompt = Int.max
        /// The most that it writes by itself.
        var longestAnswer = Int.max
        var streamType = "text/event-stream"
        var holdsStreamBack = false
        var endsProperly = true
        var countsTokens = true
        var closesConnections = false
        var key: String?
    }

    enum Interruption: CaseIterable { case none, cutsShort, breaksOff }

    private let manners: Manners
    private var server: ScriptedServer?
    private var active = 0
    private var turns: [CheckedContinuation<Void, Never>] = []
    private var isTaken = false
    private var cancelled: Set<String> = []
    private var nextID = 0
    /// The most requests at a time, and the tokens written for clients that were gone.
    private(set) var peak = 0
    private(set) var wasted = 0
    private(set) var asked: [String] = []

    init(_ manners: Manners) { self.manners = manners }

    func start() async throws -> String {
        let server = try await ScriptedServer.start { [weak self] call in try await self?.answer(call) }
        self.server = server
        return server.url
    }

    func stop() async { await server?.stop() }

    private func answer(_ call: Call) async throws {
        if let key = manners.key, call.header("Authorization") != "Bearer \(key)" {
            return try await call.reply(#"{"error":{"message":"who are you?"}}"#, status: 401)
        }
        switch call.line {
        case "GET /v1/models":
            let owner = manners.owner
            try await call.reply(#"{"object":"list","data":[{"id":"counter","owned_by":"\#(owner)"},{"id":"other"}]}"#)
        case "GET /slots" where manners.showsSlots:
            let isBusy = active > 0 && !manners.slotsAreFrozen
            try await call.reply(#"[{"id":0,"is_processing":\#(isBusy)},{"id":1,"is_processing":false}]"#)
        case "GET /state" where manners.cancels: try await call.reply(#"{"instances":{},"runners":{},"tasks":{}}"#)
        case "POST /v1/chat/completions": try await generate(call)
        default:
            if manners.cancels, call.method == "POST", call.path.hasPrefix("/v1/cancel/") {
                let id = String(call.path.dropFirst("/v1/cancel/".count))
                cancelled.insert(id)
                return try await call.reply(#"{"message":"Command cancelled.","command_id":"\#(id)"}"#)
            }
            try await call.reply(#"{"error":"no such page"}"#, status: 404)
        }
    }

    // MARK: - Generating

    private func generate(_ call: Call) async throws {
        guard let body = try? JSONSerialization.jsonObject(with: Data(call.body.utf8)) as? [String: Any],
            let messages = body["messages"] as? [[String: Any]], let prompt = messages.first?["content"] as? String
        else { return try await call.reply(#"{"error":"bad body"}"#, status: 400) }
        let words = prompt.split(separator: " ").count
        guard words <= manners.longestPrompt else {
            return try await call.reply(#"{"error":{"message":"the prompt is too long"}}"#, status: 400)
        }
        let streams = body["stream"] as? Bool == true
        let tokens = min(body["max_tokens"] as? Int ?? 100, manners.longestAnswer)
        asked.append("\(streams ? "stream" : "whole") \(tokens)")
        active += 1
        peak = max(peak, active)
        defer { active -= 1 }
        await takeTurn()
        defer { passTurn() }
        nextID += 1
        let id = "chatcmpl-\(nextID)"
        if !call.isConnected, !manners.ignoresCloseInPrefill { return }
        let start = ContinuousClock.now
        for part in 1...10 {
            // Until a time and not for one, so that a busy machine does not make everything longer.
            try await Task.sleep(until: start + manners.readingPerWord * words * part / 10)
            if !call.isConnected, !manners.ignoresCloseInPrefill { return }
        }
        if streams { try await stream(call, id, tokens) } else { try await whole(call, id, tokens) }
    }

    private func stream(_ call: Call, _ id: String, _ tokens: Int) async throws {
        let mark = manners.isGateway ? "X-Loopguard-Run-Id: run_1\r\n" : ""
        try? await call.beginStream(type: manners.streamType, headers: mark)
        var held = ""
        var wasCancelled = false
        let start = ContinuousClock.now
        for number in 1...tokens {
            try await Task.sleep(until: start + manners.pace * number)
            if manners.interruption != .none, id != "chatcmpl-\(nextID)" {
                if manners.interruption == .breaksOff { return try await call.close() }
                break
            }
            if cancelled.contains(id) {
                wasCancelled = true
                break
            }
            if !call.isConnected {
                guard manners.ignoresCloseMidStream else { return }
                wasted += 1
            }
            let choice = #"{"index":0,"delta":{"content":" \#(number)"},"finish_reason":null}"#
            let event = "data: {\"id\":\"\(id)\",\"object\":\"chat.completion.chunk\",\"choices\":[\(choice)]}\n\n"
            if manners.holdsStreamBack { held += event } else { try? await call.chunk(event) }
        }
        if !held.isEmpty { try? await call.chunk(held) }
        if manners.endsProperly {
            let reason = wasCancelled || tokens == manners.longestAnswer ? "stop" : "length"
            try? await call.event(#"{"id":"\#(id)","choices":[{"index":0,"delta":{},"finish_reason":"\#(reason)"}]}"#)
            if manners.countsTokens {
                try? await call.event(
                    #"{"id":"\#(id)","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":\#(tokens)}}"#
                )
            }
            try? await call.event("[DONE]")
        }
        try? await call.endStream()
    }

    private func whole(_ call: Call, _ id: String, _ tokens: Int) async throws {
        let start = ContinuousClock.now
        for number in 1...tokens {
            try await Task.sleep(until: start + manners.pace * number)
            if !call.isConnected {
                guard manners.ignoresCloseOfWholeAnswers else { return }
                wasted += 1
            }
        }
        let usage = manners.countsTokens ? #","usage":{"prompt_tokens":9,"completion_tokens":\#(tokens)}"# : ""
        let close = manners.closesConnections
        try await call.reply(
            #"{"id":"\#(id)","choices":[{"message":{"content":"1 2"}}]\#(usage)}"#,
            headers: close ? "Connection: close\r\n" : ""
        )
        if close { try await call.close() }
    }

    private func takeTurn() async {
        guard manners.takesTurns else { return }
        if isTaken { await withCheckedContinuation { turns.append($0) } }
        isTaken = true
    }

    private func passTurn() {
        guard manners.takesTurns else { return }
        if turns.isEmpty { isTaken = false } else { turns.removeFirst().resume() }
    }
}

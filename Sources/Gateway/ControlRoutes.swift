internal import Cancellation
internal import Guard
internal import LoopDetection
internal import NIOHTTP1
internal import Synchronization

/// The gateway's own routes. Everything else goes to the engine.
enum ControlRoute: Equatable {
    /// exo's shape.
    case cancelCommand(String)
    case cancelRequest(String)
    case listRequests
    case health
    case readiness
    case metrics

    /// The route of a request; `nil` when it is not ours.
    init?(_ method: HTTPMethod, _ path: Substring) {
        guard Self.beginnings.contains(where: { path.utf8.starts(with: $0.utf8) }) else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let first = parts.startIndex
        switch (method == .HEAD ? .GET : method, parts.count) {
        case (.POST, 3) where parts.starts(with: ["v1", "cancel"]):
            self = .cancelCommand(Self.decode(parts[first + 2]))
        case (.POST, 2) where parts.elementsEqual(["v1", "cancel"]): self = .cancelCommand("")
        case (.POST, 4) where parts.starts(with: ["v1", "requests"]) && parts[first + 3] == "cancel":
            self = .cancelRequest(Self.decode(parts[first + 2]))
        case (.DELETE, 3) where parts.starts(with: ["v1", "requests"]):
            self = .cancelRequest(Self.decode(parts[first + 2]))
        case (.DELETE, 2) where parts.elementsEqual(["v1", "requests"]): self = .cancelRequest("")
        case (.GET, 2) where parts.elementsEqual(["v1", "requests"]): self = .listRequests
        case (.GET, 1) where parts[first] == "healthz": self = .health
        case (.GET, 1) where parts[first] == "readyz": self = .readiness
        case (.GET, 1) where parts[first] == "metrics": self = .metrics
        default: return nil
        }
    }

    /// How our paths begin; most requests are told from ours by this alone.
    private static let beginnings = ["/v1/cancel", "/v1/requests", "/healthz", "/readyz", "/metrics"]

    /// Percent-decoding, as far as ids need it.
    private static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2, let code = UInt8(Substring(digits), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Answers the routes that need nothing but the registry.
enum ControlReply {
    /// exo's answer: 404 for whatever can no longer be cancelled.
    static func cancelCommand(_ id: String, in registry: RunRegistry) -> Reply {
        if let refusal = refusal(of: id) { return refusal }
        guard let run = registry.find(id) else { return commandNotFound("unknown") }
        let result = run.requestEnd(.userStop)
        if case .alreadyEnded = result { return commandNotFound("already_finished") }
        return Reply(
            json: JSONWriter.object { json in
                json.member("message", "Command cancelled.")
                json.member("command_id", id)
                json.member("cancelled", true)
                json.member("state", RunPhase.stopping.name)
                if result != .won { json.member("duplicate", true) }
            }
        )
    }

    /// Our own answer, which tells the cases apart.
    static func cancelRequest(_ id: String, in registry: RunRegistry) -> Reply {
        if let refusal = refusal(of: id) { return refusal }
        guard let run = registry.find(id) else {
            return cancellation(.notFound, of: id, cancelled: false, state: nil, reason: "unknown")
        }
        switch run.requestEnd(.userStop) {
        case .won: return cancellation(of: id, cancelled: true, state: .stopping, reason: nil)
        case .alreadyStopping(let seen) where seen.reason == .userStop:
            return cancellation(of: id, cancelled: true, state: .stopping, reason: nil, duplicate: true)
        case .alreadyStopping:
            return cancellation(of: id, cancelled: false, state: .stopping, reason: "already_stopping")
        case .alreadyEnded(let seen):
            let natural = seen.phase == .completed || seen.phase == .failed
            let reason = natural ? "already_finished" : "already_stopped"
            return cancellation(of: id, cancelled: false, state: seen.phase, reason: reason)
        }
    }

    /// An id that could mean more than one run never reaches an engine: several of them read it as "all".
    private static func refusal(of id: String) -> Reply? {
        guard id.isEmpty || id == "*" || id.contains(where: \.isWhitespace) else { return nil }
        return .badRequest("A cancel needs the id of one run; it is in the X-Loopguard-Run-Id header of the response.")
    }

    private static func commandNotFound(_ reason: String) -> Reply {
        Reply(
            .notFound,
            json: JSONWriter.object { json in
                json.key("error")
                json.object { error in
                    error.member("message", "Command not found or already completed")
                    error.member("type", "Not Found")
                    error.member("code", 404)
                    error.member("reason", reason)
                }
            }
        )
    }

    private static func cancellation(
        _ status: HTTPResponseStatus = .ok,
        of id: String,
        cancelled: Bool,
        state: RunPhase?,
        reason: String?,
        duplicate: Bool = false
    ) -> Reply {
        Reply(
            status,
            json: JSONWriter.object { json in
                json.member("object", "request.cancel")
                json.member("id", id)
                json.member("cancelled", cancelled)
                json.member("state", state?.name)
                json.member("reason", reason)
                if duplicate { json.member("duplicate", true) }
            }
        )
    }

    /// Every live and recent run.
    static func list(_ registry: RunRegistry) -> Reply {
        Reply(
            json: JSONWriter.object { json in
                json.member("object", "list")
                json.key("data")
                json.array { data in
                    for run in registry.all { data.object { describe(run, into: &$0) } }
                }
            }
        )
    }

    private static func describe(_ run: Run, into json: inout JSONWriter) {
        let state = run.state.current
        let firstByte = run.figures.firstByteNanoseconds.load(ordering: .relaxed)
        json.member("id", run.id)
        json.member("state", state.phase.name)
        json.member("model", run.model)
        json.member("path", run.path)
        json.member("started", run.started)
        json.member("bytes", run.figures.bytes.load(ordering: .relaxed))
        json.member("events", run.figures.events.load(ordering: .relaxed))
        json.key("ttft_ms")
        json.literal(firstByte > 0 ? "\(Double(firstByte / 1_000) / 1_000)" : "null")
        json.member("reason", state.reason?.name)
        if let word = run.confirmation {
            json.key("engine")
            json.object { engine in
                if let outcome = word.outcome { engine.member("outcome", outcome) }
                if let tokens = word.tokens { engine.member("tokens", Int(clamping: tokens)) }
                if let step = word.step { engine.member("step", Int(clamping: step)) }
                engine.key("after_ms")
                engine.literal("\(Double(word.nanoseconds / 1_000) / 1_000)")
                engine.key("confirmed")
                engine.literal(word.isConfirmed.map { "\($0)" } ?? "null")
                engine.member("via", word.way.rawValue)
            }
        }
        guard state.reason?.detector != nil, let verdict = run.verdict else { return }
        json.member("detector", verdict.detector.name)
        json.key("evidence")
        json.object { evidence in
            for fact in verdict.evidence.facts {
                switch fact.value {
                case .integer(let number): evidence.member(fact.name, number)
                case .number(let number): evidence.member(fact.name, number)
                case .text(let text): evidence.member(fact.name, text)
                }
            }
        }
    }
}

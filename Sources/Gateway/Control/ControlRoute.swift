internal import NIOHTTP1
internal import Runs

/// The gateway's own routes. Everything else goes to the engine.
enum ControlRoute: Equatable {
    /// One run is to be stopped.
    case stop(StopDoor, id: String)
    /// Many runs are to be stopped.
    case stopMany
    /// `/v1/requests`: every run that is known.
    case listRequests
    /// `/v1/runs`: the runs that the query asks for.
    case listRuns
    case run(String)
    case text(String)
    /// The recording of a run is to be marked.
    case label(String)
    /// The events of one run, or of all.
    case events(String?)
    case stats
    case dashboard
    case health
    case readiness
    case metrics
    /// A path of ours with a method that it does not have.
    case wrongMethod(allowed: String)

    /// The route of a request; `nil` when it is not ours.
    init?(_ method: HTTPMethod, _ path: Substring) {
        guard Self.beginnings.contains(where: { path.utf8.starts(with: $0.utf8) }) else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(URLText.decode)
        let method = method == .HEAD ? .GET : method
        switch parts.count {
        case 1: self.init(method, plain: parts[0])
        case 2...4 where parts[0] == "v1": self.init(method, v1: Array(parts.dropFirst()))
        case 2...3 where parts[0] == "runs": self.init(method, runs: Array(parts.dropFirst()))
        case 3 where parts == ["api", "chat", "cancel"]:
            // A GET would be a cancel that any page can ask for with an image.
            self = method == .POST ? .stop(.stream, id: "") : .wrongMethod(allowed: "POST")
        default:
            guard parts[0] == "dashboard", method == .GET else { return nil }
            self = .dashboard
        }
    }

    private init?(_ method: HTTPMethod, plain name: String) {
        switch (method, name) {
        case (.GET, "healthz"): self = .health
        case (.GET, "readyz"): self = .readiness
        case (.GET, "metrics"): self = .metrics
        case (.GET, "dashboard"): self = .dashboard
        default: return nil
        }
    }

    private init?(_ method: HTTPMethod, v1 parts: [String]) {
        let id = parts.count > 1 ? parts[1] : ""
        switch (method, parts[0], parts.count) {
        case (.POST, "cancel", 1...2): self = .stop(.command, id: id)
        case (.POST, "requests", 3) where parts[2] == "cancel": self = .stop(.request, id: id)
        case (.DELETE, "requests", 1...2): self = .stop(.request, id: id)
        case (.GET, "requests", 1): self = .listRequests
        case (.POST, "responses", 3) where parts[2] == "cancel": self = .stop(.response, id: id)
        case (.GET, "runs", 1): self = .listRuns
        case (.GET, "events", 1): self = .events(nil)
        case (.GET, "stats", 1): self = .stats
        case (_, "runs", 2...3): self.init(method, runs: Array(parts.dropFirst()))
        default: return nil
        }
    }

    private init?(_ method: HTTPMethod, runs parts: [String]) {
        let id = parts[0]
        switch (method, parts.count > 1 ? parts[1] : nil) {
        case (.POST, nil) where id == "cancel": self = .stopMany
        case (.GET, nil) where id == "events": self = .events(nil)
        case (.POST, "stop"): self = .stop(.run, id: id)
        case (.POST, "label"): self = .label(id)
        case (.GET, nil): self = .run(id)
        case (.GET, "text"): self = .text(id)
        case (.GET, "events"): self = .events(id)
        default: return nil
        }
    }

    /// How our paths begin; most requests are told from ours by this alone.
    private static let beginnings = [
        "/v1/r", "/v1/cancel", "/v1/events", "/v1/stats", "/runs/", "/api/chat/cancel", "/dashboard", "/healthz",
        "/readyz",
        "/metrics",
    ]

    /// Whether a path is one of ours, whatever the method.
    static func owns(_ path: Substring) -> Bool {
        [HTTPMethod.GET, .POST, .DELETE].contains { ControlRoute($0, path) != nil }
    }

    /// Whether the route changes something.
    var isChange: Bool {
        switch self {
        case .stop, .stopMany, .label: true
        default: false
        }
    }

    /// Whether everybody may ask: it tells nothing about anybody's runs.
    var isPublic: Bool {
        switch self {
        case .health, .readiness, .metrics, .dashboard, .wrongMethod: true
        default: false
        }
    }
}

/// The shapes in which a run can be stopped, each as the system it comes from has it.
enum StopDoor: Equatable {
    /// exo: `POST /v1/cancel/{command_id}`.
    case command
    /// vLLM: `POST /v1/requests/{id}/cancel`, `DELETE /v1/requests/{id}`.
    case request
    /// OpenAI: `POST /v1/responses/{id}/cancel`.
    case response
    /// gofannon: `POST /runs/{run_id}/stop`; the one that knows trees.
    case run
    /// hermes: `POST /api/chat/cancel?stream_id=`.
    case stream
}

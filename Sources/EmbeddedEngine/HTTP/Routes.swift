import Cancellation
import JSONBytes
import NIOHTTP1

/// What a request asks for.
enum Route: Equatable {
    case generate(Endpoint)
    case models
    case health
    case slots
    case cancel(id: String)

    init(_ head: HTTPRequestHead) throws(APIError) {
        let path = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)[0]
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        let (method, route): (HTTPMethod, Route) =
            switch (parts.count, parts.first) {
            case (3, _) where parts == ["v1", "chat", "completions"]: (.POST, .generate(.chat))
            case (2, _) where parts == ["v1", "completions"]: (.POST, .generate(.completions))
            case (2, _) where parts == ["v1", "models"]: (.GET, .models)
            case (1, "health"): (.GET, .health)
            case (1, "slots"): (.GET, .slots)
            case (4, "v1") where parts[1] == "requests" && parts[3] == "cancel": (.POST, .cancel(id: parts[2]))
            case (3, "v1") where parts[1] == "requests": (.DELETE, .cancel(id: parts[2]))
            default: throw .notFound("There is nothing at \(path).", code: "unknown_path")
            }
        guard head.method == method else {
            throw APIError(
                status: .methodNotAllowed,
                message: "Use \(method) for \(path), not \(head.method).",
                code: "method_not_allowed"
            )
        }
        self = route
    }
}

extension Engine {
    /// The body of the answer to a request that generates nothing.
    func answer(_ route: Route) throws(APIError) -> [UInt8] {
        switch route {
        case .generate: preconditionFailure("a generation is answered by its exchange")
        case .health: return Array(#"{"status":"ok"}"#.utf8)
        case .slots: return registry.status.json
        case .models:
            var json = Array(#"{"object":"list","data":[{"id":"#.utf8)
            JSONString.encode(model.name, into: &json)
            json += #","object":"model","created":0,"owned_by":"loopguard"}]}"#.utf8
            return json
        case .cancel(let id): return try cancel(id)
        }
    }

    private func cancel(_ id: String) throws(APIError) -> [UInt8] {
        let id = Self.percentDecoded(id)
        guard !id.isEmpty else { throw .invalid("The id of the request to cancel is missing.", code: "missing_id") }
        let result = registry.cancel(id, .userStop)
        var json = Array(#"{"object":"request.cancel","id":"#.utf8)
        JSONString.encode(id, into: &json)
        switch result {
        case .cancelled:
            scheduler.wake()
            json += #","cancelled":true,"state":"stopping"}"#.utf8
        case .alreadyStopping: json += #","cancelled":true,"state":"stopping","duplicate":true}"#.utf8
        case .finished(let state):
            let reason = state == .cancelled ? "already_stopped" : "already_finished"
            json += #","cancelled":false,"state":"\#(state.rawValue)","reason":"\#(reason)"}"#.utf8
        case .unknown: throw .notFound("There is no request with the id '\(id)'.", code: "unknown_request")
        }
        return json
    }

    /// Undoes `%3A` and the like. What is no such escape stays as it is.
    private static func percentDecoded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}

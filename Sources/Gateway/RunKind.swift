internal import GenerationWire
internal import NIOHTTP1

/// What a request asks of the engine, as far as the gateway treats requests differently.
enum RunKind: Equatable, Sendable {
    /// A generation in a format that is guarded.
    case generation(WireFormat)
    /// Images: a run that can be cancelled; its bytes are none of a guard's business.
    case images
    /// Everything else: proxied, and no run.
    case other

    init(_ method: HTTPMethod, path: Substring) {
        self = .other
        guard method == .POST else { return }
        if let format = WireFormat(path: path) {
            self = .generation(format)
        } else if path.hasSuffix("/v1/images/generations") || path.hasSuffix("/v1/images/edits") {
            self = .images
        }
    }

    /// Whether the request has an id, a place in the registry, and can be cancelled.
    var isRun: Bool { self != .other }

    var format: WireFormat? {
        if case .generation(let format) = self { return format }
        return nil
    }

    /// The value of the label `path` in metrics.
    var label: String {
        switch self {
        case .generation(let format): format.rawValue
        case .images: "images"
        case .other: "other"
        }
    }

    init(label: String) { self = Self.all.first { $0.label == label } ?? .other }

    static var all: [RunKind] { WireFormat.allCases.map(RunKind.generation) + [.images, .other] }
}

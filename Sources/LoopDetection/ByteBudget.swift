/// The limits on the bytes of one channel: `budget`, and `max_bytes` of `argument_repeat`.
///
/// A channel sees its own bytes only; adding up the channels of a response is for the caller.
struct ByteBudget: Sendable {
    private struct Limit: Sendable {
        var bytes: Int
        var detector: DetectorID
        var key: StaticString
    }

    /// The limits that are not yet exceeded, the lowest last.
    private var limits: [Limit] = []

    /// Collects the limits that apply to a channel.
    init(_ kind: ChannelKind, _ settings: DetectorSettings) {
        if settings.argumentRepeat.mode != .off, kind == .arguments {
            limits.append(Limit(bytes: settings.argumentRepeat.maxBytes, detector: .argumentRepeat, key: "max_bytes"))
        }
        if settings.budget.mode != .off {
            let budget = settings.budget
            limits.append(Limit(bytes: budget.maxOutputBytes, detector: .budget, key: "max_output_bytes"))
            if kind == .reasoning {
                limits.append(Limit(bytes: budget.maxReasoningBytes, detector: .budget, key: "max_reasoning_bytes"))
            }
        }
        limits.removeAll { $0.bytes <= 0 }
        limits.sort { $0.bytes > $1.bytes }
    }

    /// The lowest limit left.
    var next: Int { limits.last?.bytes ?? .max }

    /// Takes the lowest limit away, because it is exceeded, and says whose it was.
    mutating func exceed() -> (detector: DetectorID, evidence: Evidence)? {
        guard let limit = limits.popLast() else { return nil }
        var evidence = Evidence()
        evidence.add("limit", limit.bytes)
        evidence.add("key", text: limit.key.description)
        return (limit.detector, evidence)
    }
}

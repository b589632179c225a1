/// What a tool-call detector has found, before its settings decide how loudly it may say so.
struct Finding: Sendable {
    /// What the count has reached: warn or stop.
    let level: Mode
    let evidence: Evidence

    /// - Parameters:
    ///   - pattern: The pattern or the class of failure.
    ///   - count: The repeats, the call being judged included; for failures, the earlier ones.
    init(
        _ level: Mode,
        _ call: ToolCall,
        pattern: String,
        count: Int,
        fingerprint: Fingerprint? = nil,
        line: String? = nil,
        messages: [Int] = []
    ) {
        self.level = level
        var evidence = Evidence()
        evidence.add("tool", text: call.name)
        evidence.add("pattern", text: pattern)
        evidence.add("count", count)
        if let fingerprint { evidence.add("fingerprint", text: fingerprint.hex) }
        evidence.add("arguments", text: RedactedArguments.text(call.arguments))
        if let line { evidence.add("line", bytes: RedactedArguments.mask(Array(line.utf8))) }
        if !messages.isEmpty { evidence.add("messages", text: messages.map(\.description).joined(separator: ",")) }
        self.evidence = evidence
    }

    /// The finding of the highest level; of equals the first.
    static func gravest(_ findings: Finding?...) -> Finding? {
        findings.reduce(nil) { gravest, next in
            guard let gravest else { return next }
            guard let next, next.level > gravest.level else { return gravest }
            return next
        }
    }
}

extension WarnStop {
    /// What a count reaches; `nil` when it reaches nothing. A threshold of 0 is never reached.
    func level(at count: Int) -> Mode? {
        if stop > 0, count >= stop { return .stop }
        if warn > 0, count >= warn { return .warn }
        return nil
    }
}

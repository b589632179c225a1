/// `argument_dedup`: the same call with the same arguments repeated in one response, where no result can have come
/// between.
struct ArgumentDedup: Sendable {
    private let settings: ArgumentDedupSettings
    /// The last calls, oldest first.
    private var recent: [Fingerprint] = []
    private var consecutive = 0

    init(_ settings: ArgumentDedupSettings) { self.settings = settings }

    mutating func completed(_ call: ToolCall) -> Finding? {
        if settings.exempt.contains(call.name) { return nil }
        let fingerprint = call.fingerprint(ignoring: settings.ignoreFields)
        consecutive = fingerprint == recent.last ? consecutive + 1 : 1
        recent.append(fingerprint)
        // One call is always kept: it is what the next one is compared with.
        if recent.count > max(settings.window, 1) { recent.removeFirst() }

        let inRow = settings.consecutive.level(at: consecutive).map { level in
            Finding(level, call, pattern: "consecutive", count: consecutive, fingerprint: fingerprint)
        }
        let among = recent.count { $0 == fingerprint }
        let inWindow = WarnStop(warn: 0, stop: settings.windowStop).level(at: among).map { level in
            Finding(level, call, pattern: "window", count: among, fingerprint: fingerprint)
        }
        return Finding.gravest(inRow, inWindow)
    }
}

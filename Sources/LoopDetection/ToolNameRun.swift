/// `tool_name_run`: the same tool many times in a row, or many calls, in one response.
///
/// Arguments do not matter and results do not exist yet: this is the backstop for a model that never ends its list of
/// calls. The counts leave room for honest fan-out (Avarok-Cybersecurity/atlas#192).
struct ToolNameRun: Sendable {
    private let settings: ToolNameRunSettings
    private var last = ""
    private var run = 0
    private var total = 0

    init(_ settings: ToolNameRunSettings) { self.settings = settings }

    mutating func completed(_ call: ToolCall) -> Finding? {
        if settings.exempt.contains(call.name) { return nil }
        run = call.name == last ? run + 1 : 1
        last = call.name
        total += 1
        let inRow = settings.run.level(at: run).map { level in
            Finding(level, call, pattern: "run", count: run)
        }
        let inAll = settings.total.level(at: total).map { level in
            Finding(level, call, pattern: "total", count: total)
        }
        return Finding.gravest(inRow, inAll)
    }
}

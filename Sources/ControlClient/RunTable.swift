internal import TerminalText

/// Runs as a table, those below a run indented under it.
public struct RunTable: Sendable {
    private let page: RunPage

    /// Lays a page of runs out.
    public init(_ page: RunPage) { self.page = page }

    /// The table, and a line that counts.
    public var lines: [String] {
        var table = TextTable([
            ("ID", .left), ("STATE", .left), ("MODEL", .left), ("CLIENT", .left), ("AGE", .right), ("TTFT", .right),
            ("EVENTS", .right), ("TOKENS", .right), ("REASON", .left),
        ])
        for (run, depth) in Self.ordered(page.data) {
            let indent = depth == 0 ? "" : String(repeating: "  ", count: depth - 1) + "└ "
            table.add([
                indent + run.id.printable, run.state.printable, Self.cell(run.model, 28), Self.cell(run.client, 24),
                age(run), run.ttftMs.map { Duration.milliseconds($0).brief } ?? "-",
                run.events.map(String.init) ?? "-", run.tokens.map(String.init) ?? "-", Self.cell(run.reason, 32),
            ])
        }
        let live = page.live ?? page.data.count(where: \.isLive)
        var count = "\(page.data.count.counted("run")), \(live) live"
        if page.hasMore == true { count += "; there are more: --limit" }
        return (page.data.isEmpty ? [] : table.lines + [""]) + [count]
    }

    private func age(_ run: RemoteRun) -> String {
        guard let now = page.now, let started = run.started else { return "-" }
        return Duration.seconds(now - started).brief
    }

    private static func cell(_ text: String?, _ width: Int) -> String {
        guard let text, !text.isEmpty else { return "-" }
        return text.printable.cut(to: width)
    }

    /// The runs in the order of a tree, each with its depth: roots as they came, what is below a run in the order of its
    /// beginning. A run whose parent is not in the list is a root. No run comes twice, even if parents form a circle.
    static func ordered(_ runs: [RemoteRun]) -> [(run: RemoteRun, depth: Int)] {
        let known = Set(runs.map(\.id))
        var children: [String: [RemoteRun]] = [:]
        for run in runs {
            if let parent = run.parent, known.contains(parent) { children[parent, default: []].append(run) }
        }
        var seen: Set<String> = []
        var ordered: [(run: RemoteRun, depth: Int)] = []
        func visit(_ root: RemoteRun) {
            var waiting = [(run: root, depth: 0)]
            while let next = waiting.popLast() {
                guard seen.insert(next.run.id).inserted else { continue }
                ordered.append(next)
                let below = (children[next.run.id] ?? []).sorted { ($0.started ?? 0) > ($1.started ?? 0) }
                waiting += below.map { ($0, next.depth + 1) }
            }
        }
        for run in runs where run.parent.map({ !known.contains($0) }) ?? true { visit(run) }
        for run in runs where !seen.contains(run.id) { visit(run) }
        return ordered
    }
}

extension Duration {
    static func milliseconds(_ number: Double) -> Duration { .seconds(number / 1_000) }
}

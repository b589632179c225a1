internal import TerminalText

/// One run with all that is known of it.
public struct RunDetails: Sendable {
    private let run: RemoteRun

    /// Describes a run.
    public init(_ run: RemoteRun) { self.run = run }

    /// What is known, one fact on a line.
    public var lines: [String] {
        var lines: [String] = []
        func add(_ name: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            lines.append(name + String(repeating: " ", count: max(1, 14 - name.count)) + value)
        }
        func add(_ name: String, text: String?) { add(name, text?.printable) }

        add("run", text: run.id)
        add("state", text: run.state + (run.reason.map { ", \($0)" } ?? ""))
        add("model", text: run.model)
        add("asked at", text: run.path)
        add("client", text: run.client)
        add("session", text: run.session)
        add("tree", text: run.tree)
        add("parent", text: run.parent)
        add("root", text: run.root == run.id ? nil : run.root)
        add("children", text: run.children?.joined(separator: " "))
        if let below = run.descendants, below > 0 { add("below it", "\(below), \(run.liveDescendants ?? 0) live") }
        add("took", run.durationMs.map { Duration.milliseconds($0).brief })
        add("first token", run.ttftMs.map { "after \(Duration.milliseconds($0).brief)" })
        add("answer", answer)
        add("stop", stop)
        add("engine", engine)
        if let detector = run.detector {
            add("convicted by", text: detector + (run.mode.map { " (\($0))" } ?? ""))
            lines += Self.facts(run.evidence)
        }
        for warning in run.warnings ?? [] {
            add("warning", text: (warning.detector ?? "?") + (warning.mode.map { " (\($0))" } ?? ""))
            lines += Self.facts(warning.evidence)
        }
        return lines
    }

    private var answer: String? {
        guard let events = run.events, let bytes = run.bytes else { return nil }
        let tokens = run.tokens.map { ", \($0.counted("token"))" } ?? ""
        return "\(events.counted("event")), \(bytes.counted("byte"))\(tokens)"
            + (run.maxTokens.map { " of \($0) asked for" } ?? "")
    }

    /// Of a run that goes on there is nothing to confirm.
    private var engine: String? {
        guard let engine = run.engine else { return nil }
        return run.isLive && engine.confirmed == nil ? engine.name?.printable : EngineSentence(engine).text
    }

    private var stop: String? {
        guard let cancel = run.cancel else { return nil }
        let repeated = cancel.duplicates.map { $0 > 0 ? ", asked \($0.counted("time")) more" : "" } ?? ""
        return "asked by \((cancel.source ?? "?").printable)\(repeated)"
    }

    private static func facts(_ evidence: [String: JSONFact]?) -> [String] {
        (evidence ?? [:]).sorted { $0.key < $1.key }.map { "  \($0.key.printable) = \($0.value)" }
    }
}

/// What is known of the engine's part in the end of a run, in a sentence.
struct EngineSentence {
    let engine: RemoteRun.Engine

    init(_ engine: RemoteRun.Engine) { self.engine = engine }

    var text: String {
        let name = (engine.name ?? "the engine").printable
        var text =
            switch engine.confirmed {
            case true?: "\(name) has confirmed that it stopped"
            case false?: "\(name) has NOT stopped, as far as can be told"
            case nil: "\(name) has not said whether it stopped"
            }
        if let via = engine.via { text += " (\(via.printable))" }
        if engine.confirmed != nil, let after = engine.afterMs {
            text += ", after \(Duration.milliseconds(after).brief)"
        }
        if let outcome = engine.outcome { text += ", outcome \(outcome.printable)" }
        if let tokens = engine.tokens { text += ", \(tokens.counted("token"))" }
        return text
    }
}

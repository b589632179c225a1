internal import Foundation
internal import TerminalText

/// Events, one on a line.
public struct EventLine: Sendable {
    private let clock: DateFormatter

    /// With the times of the machine's time zone.
    public init() { self.init(zone: nil) }

    init(zone: TimeZone?) {
        clock = DateFormatter()
        clock.locale = Locale(identifier: "en_US_POSIX")
        clock.dateFormat = "HH:mm:ss.SSS"
        if let zone { clock.timeZone = zone }
    }

    /// The line of an event.
    public func text(_ event: RunEvent) -> String {
        let facts = event.facts
        let time = facts.at.map { clock.string(from: Date(timeIntervalSince1970: $0)) } ?? "-"
        let name = event.name.printable
        let space = String(repeating: " ", count: max(1, 13 - name.count))
        return "\(time)  \(facts.runId.printable)  \(name)\(space)\(details(event).joined(separator: "  "))"
            .trimmingSuffixSpaces
    }

    /// The event as one line of JSON.
    public func json(_ event: RunEvent) -> String {
        let id = event.id.flatMap { Int($0) }.map { "\"id\":\($0)," } ?? ""
        // Data of several lines is joined by line ends, which mean nothing in JSON outside of strings.
        let data = event.data.split(whereSeparator: \.isNewline).joined(separator: " ")
        return "{\(id)\"event\":\(JSONFact.text(event.name)),\"data\":\(data)}"
    }

    private func details(_ event: RunEvent) -> [String] {
        let facts = event.facts
        func named(_ name: String, _ value: String?) -> String? {
            value.flatMap { $0.isEmpty ? nil : "\(name)=\($0.printable)" }
        }
        let parts: [String?]
        switch event.name {
        case "started":
            let run = facts.run
            parts = [
                named("model", run?.model), named("path", run?.path), named("client", run?.client),
                named("session", run?.session), named("parent", run?.parent),
            ]
        case "state": parts = [facts.state?.printable, named("reason", facts.reason)]
        case "trip":
            let evidence = (facts.evidence ?? [:]).sorted { $0.key < $1.key }
            parts =
                [facts.detector?.printable, facts.mode?.printable]
                + evidence.map { "\($0.key.printable)=\($0.value.description.cut(to: 60))" }
        case "tool_call": parts = [facts.name?.printable, facts.arguments?.printable.cut(to: 120)]
        case "progress":
            let pace = facts.tokensPerSecond.map { "\(Int($0.rounded())) tokens/s" }
            parts = [facts.events?.counted("event"), facts.bytes?.counted("byte"), pace]
        case "engine": parts = [facts.engine.map { EngineSentence($0).text }]
        default:
            let run = facts.run
            let events = facts.partial?.events ?? run?.events
            let tokens = facts.partial?.tokens ?? run?.tokens
            parts = [
                (facts.state ?? run?.state)?.printable, named("reason", facts.reason ?? run?.reason),
                named("source", facts.source), events?.counted("event"), tokens?.counted("token"),
                run?.durationMs.map { Duration.milliseconds($0).brief },
                (facts.engine ?? run?.engine).map { EngineSentence($0).text },
            ]
        }
        return parts.compactMap(\.self)
    }
}

extension String {
    fileprivate var trimmingSuffixSpaces: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}

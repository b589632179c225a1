internal import Foundation
internal import TerminalText

/// What an examination came to.
public struct Diagnosis: Sendable, Encodable {
    public var url: String
    /// The engine's name; `generic` when it was not recognised.
    public var engine: String
    public var recognisedBy: String?
    public var models: [String]
    /// The model and the format that were used.
    public var model: String
    public var format: String
    /// How its work is seen, in a sentence.
    public var sight = ""
    /// What it says on the wire.
    public var wire: [Finding] = []
    /// What it does when its client leaves.
    public var closing: [Finding] = []
    /// What its own way of cancelling does.
    public var cancelling: [Finding] = []
    /// What is known of engines of this name, measured or not.
    public var traps: [String]
    /// Whether it stops when the connection of a stream is closed; `nil` when that cannot be told.
    public var stopsOnClose: Bool?
    /// What to run.
    public var command = ""
    /// What else to do about it.
    public var advice: [String] = []

    /// 0 when it stops on a close, 1 when it does not or that cannot be told.
    public var exitStatus: Int32 { stopsOnClose == true ? 0 : 1 }

    /// The report as JSON.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Strings, booleans and lists of them: always JSON.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// The report for a person.
    public var lines: [String] {
        let known = recognisedBy.map { "recognised by GET \($0.printable)" } ?? "not recognised"
        let others = models.filter { $0 != model }.map(\.printable)
        let more = others.isEmpty ? "" : "; also \(others.prefix(8).joined(separator: ", "))"
        var lines = [
            "engine   \(engine) (\(known))", "model    \(model.printable)\(more.cut(to: 300))", "format   \(format)",
            "load     \(sight.printable)",
        ]
        for (title, findings) in [
            ("On the wire", wire), ("When its client leaves", closing), ("Its own way of cancelling", cancelling),
        ] where !findings.isEmpty {
            lines += ["", title]
            lines += findings.map { "  \($0.verdict.mark)  \($0.subject.padded(to: 15)) \($0.text.printable)" }
        }
        let answer =
            switch stopsOnClose {
            case true?: "It stops when the connection of a stream is closed."
            case false?: "It does NOT stop when the connection of a stream is closed."
            case nil: "Whether it stops when the connection of a stream is closed could not be told."
            }
        lines += ["", answer, "", "What to run", "  \(command)"]
        if !advice.isEmpty { lines += ["", "What to do"] + advice.map { "  - \($0.printable)" } }
        if !traps.isEmpty {
            lines += ["", "Known of \(engine), whether or not it was seen here"] + traps.map { "  - \($0.printable)" }
        }
        return lines
    }
}

extension Finding.Verdict {
    fileprivate var mark: String {
        switch self {
        case .good: "ok  "
        case .odd: "odd "
        case .bad: "BAD "
        case .unknown: "?   "
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

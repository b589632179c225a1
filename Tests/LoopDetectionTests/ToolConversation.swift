import GenerationWire
import LoopDetection

/// A conversation told round by round, and what the monitor says about the next calls.
struct ToolConversation {
    var offered: Set<String> = []
    var settings = DetectorSettings()
    private var rounds: [Conversation.Round] = []
    private var turn = 1
    private var message = 1

    typealias Call = (name: String, arguments: String, result: String?)

    init(offered: Set<String> = []) { self.offered = offered }

    /// One assistant message with one call and its result.
    mutating func call(_ name: String, _ arguments: String, _ result: String?, isError: Bool? = nil) {
        round([(name, arguments, result)], isError: isError)
    }

    /// A call of a shell.
    mutating func bash(_ command: String, _ result: String?, isError: Bool? = nil) {
        call("bash", Self.command(command), result, isError: isError)
    }

    /// One assistant message with several calls.
    mutating func round(_ calls: [Call], isError: Bool? = nil) {
        message += 1
        let past = calls.map { call in
            message += 1
            return Conversation.PastCall(
                name: call.name,
                arguments: Array(call.arguments.utf8),
                result: call.result.map { .init(text: Array($0.utf8), isError: isError, message: message) }
            )
        }
        rounds.append(.init(calls: past, turn: turn))
    }

    /// The user says something.
    mutating func user() {
        turn += 1
        message += 1
    }

    var conversation: Conversation { Conversation(rounds: rounds, userTurns: turn, offeredTools: offered) }
    var monitor: ToolCallMonitor { ToolCallMonitor(conversation: conversation, settings: settings) }

    /// The verdicts over the calls of the next response.
    func next(_ calls: (String, String)...) -> [Verdict] {
        var monitor = monitor
        return monitor.judge(calls)
    }

    /// The verdicts over a next command.
    func nextBash(_ command: String) -> [Verdict] { next(("bash", Self.command(command))) }

    static func command(_ command: String) -> String {
        let escaped = command.flatMap { character in
            switch character {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            default: String(character)
            }
        }
        return "{\"command\":\"\(String(escaped))\"}"
    }
}

extension ToolCallMonitor {
    mutating func judge(_ calls: [(String, String)]) -> [Verdict] {
        var verdicts: [Verdict] = []
        for (name, arguments) in calls {
            completed(name: name, arguments: Array(arguments.utf8).span, verdicts: &verdicts)
        }
        return verdicts
    }
}

extension [Verdict] {
    /// The highest mode in which a detector speaks.
    func mode(_ detector: DetectorID) -> Mode { lazy.filter { $0.detector == detector }.map(\.mode).max() ?? .off }

    /// The highest mode of all.
    var mode: Mode { lazy.map(\.mode).max() ?? .off }

    func evidence(_ detector: DetectorID, _ name: String) -> String? {
        guard let value = last(where: { $0.detector == detector })?.evidence[name] else { return nil }
        switch value {
        case .text(let text): return text
        case .integer(let number): return String(number)
        case .number(let share): return String(share)
        }
    }
}

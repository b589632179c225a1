import ArgumentParser
import Foundation
import Rules
import Yams

/// A file that holds options of `loopguard serve`, one per line: the names of the options without their dashes.
///
/// ```yaml
/// upstream: http://127.0.0.1:8080
/// port: 4141
/// rules: /etc/loopguard/rules.yaml
/// ```
///
/// The options are put in front of those on the command line, which therefore win.
enum ConfigurationFile {
    /// The options that may stand in the file.
    static let options = [
        "upstream", "host", "port", "rules", "event-loops", "first-byte-timeout", "idle-timeout", "grace",
        "keep-alive-interval", "engine", "max-concurrent", "max-queued", "quarantine", "control-key-file",
        "allowed-origin", "allowed-host", "record", "record-only", "record-sample", "record-max-bytes",
        "record-max-age", "board", "board-slots", "board-header", "board-field", "board-door", "board-user", "model",
        "tokens-per-second", "context", "kv-tokens", "log-level",
    ]

    /// The options without a value, which are `true` or `false` in the file.
    static let flags = ["record-redact-text"]

    /// The arguments with the file that `serve --config` names put in their place.
    static func expand(_ arguments: [String]) throws -> [String] {
        guard arguments.first == "serve" else { return arguments }
        let name = "--config"
        guard let index = arguments.firstIndex(where: { $0 == name || $0.hasPrefix(name + "=") }) else {
            return arguments
        }
        let file: String
        if arguments[index] == name {
            guard index + 1 < arguments.count else { return arguments }
            file = arguments[index + 1]
        } else {
            file = String(arguments[index].dropFirst(name.count + 1))
        }
        return ["serve"] + (try options(in: file)) + arguments.dropFirst()
    }

    /// Reads the file as arguments. Throws every mistake at once, each with its line and column.
    private static func options(in file: String) throws -> [String] {
        guard let data = FileManager.default.contents(atPath: file), let text = String(data: data, encoding: .utf8)
        else {
            throw ValidationError("--config: the file \(file) cannot be read as UTF-8 text.")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw ValidationError("\(file): \(error)")
        }
        guard let root else { return [] }
        guard let mapping = root.mapping else {
            throw ValidationError("\(file):1:1: error: the file must hold options, one per line, such as 'port: 4141'.")
        }
        var mistakes: [String] = []
        var arguments: [String] = []
        for (key, value) in mapping {
            func mistake(_ node: Node, _ message: String) {
                let place = node.mark.map { "\(file):\($0.line):\($0.column)" } ?? file
                mistakes.append("\(place): error: \(message)")
            }
            let name = key.string ?? ""
            if flags.contains(name) {
                switch value.scalar?.string {
                case "true": arguments.append("--\(name)")
                case "false": break
                default: mistake(value, "'\(name)' must be true or false")
                }
            } else if !options.contains(name) {
                let hint = Suggestion.nearest(to: name, in: options + flags).map { "; did you mean '\($0)'?" } ?? ""
                mistake(key, "there is no option '\(name)'\(hint)")
            } else if let text = value.scalar?.string {
                arguments.append("--\(name)=\(text)")
            } else {
                mistake(value, "'\(name)' must have one plain value")
            }
        }
        if !mistakes.isEmpty { throw ValidationError(mistakes.joined(separator: "\n")) }
        return arguments
    }
}

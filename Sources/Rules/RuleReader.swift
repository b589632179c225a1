import LoopDetection
import RunIdentity
import Yams

/// Walks the nodes of a rules file along the keys of `RuleFormat` and collects every mistake on the way.
struct RuleReader {
    let file: String
    let document: RuleDocument
    private(set) var errors: [RuleError] = []

    init(file: String, document: RuleDocument) {
        self.file = file
        self.document = document
    }

    /// The rules of a whole file; of no use when there are errors.
    mutating func rules(_ root: Node) -> RuleSet {
        var rules = RuleSet()
        var scope = Scope(prefix: "")
        walk(root, RuleFormat.file, path: "", &scope)
        version(scope.others["version"], of: root)
        rules.policy.apply(scope.changes)
        judge(scope, rules.policy)
        if let node = scope.others["api_keys"] { rules.apiKeys = apiKeys(node) }
        if let node = scope.others["clients"] {
            for entry in entries(node, path: "clients") { client(entry, in: &rules) }
        }
        if let node = scope.others["trees"] { rules.treeMappings = trees(node) }
        if let node = scope.others["overrides"] {
            for (index, entry) in (list(node, path: "overrides") ?? []).enumerated() {
                rules.overrides.append(override(entry, path: "overrides[\(index)]", in: rules))
            }
        }
        return rules
    }

    /// What one part of the file says: the file itself, or one override.
    struct Scope {
        /// What stands before the paths of its keys in messages.
        let prefix: String
        /// The values that are set, by path.
        var changes: [String: RuleValue] = [:]
        /// The maps that stand there, to be judged when all values are known.
        var maps: [(key: RuleKey, path: String, mark: Mark?)] = []
        /// The nodes of keys that are no settings.
        var others: [String: Node] = [:]
    }

    mutating func walk(_ node: Node, _ keys: [RuleKey], path: String, _ scope: inout Scope) {
        let place = scope.prefix + path
        let names = keys.map(\.name)
        for entry in entries(node, path: place) {
            guard let key = keys.first(where: { $0.name == entry.name }) else {
                unknown(entry, names, path: place)
                continue
            }
            let path = path.isEmpty ? key.name : "\(path).\(key.name)"
            switch key.shape {
            case .leaf(let leaf):
                scope.changes[path] = value(leaf.kind, entry.value, path: scope.prefix + path)
            case .map(let keys, _):
                scope.maps.append((key, scope.prefix + path, entry.mark))
                walk(entry.value, keys, path: path, &scope)
            case .modes(let modes):
                guard case .scalar = entry.value else {
                    walk(entry.value, modes, path: path, &scope)
                    continue
                }
                for mode in modes {
                    guard case .leaf(let leaf) = mode.shape else { continue }
                    guard let value = value(leaf.kind, entry.value, path: scope.prefix + path) else { break }
                    scope.changes["\(path).\(mode.name)"] = value
                }
            case .version, .clients, .source, .userAgents, .headers, .apiKeys, .trees, .match, .overrides:
                scope.others[key.name] = entry.value
            }
        }
    }

    /// Reports the maps whose values do not agree with each other, or with the base that an override stands on.
    mutating func judge(_ scope: Scope, _ policy: Policy) {
        for map in scope.maps {
            if let fault = map.key.fault(policy) { report(map.mark, "'\(map.path)' \(fault)") }
        }
    }

    private mutating func version(_ node: Node?, of root: Node) {
        guard let node else {
            if root.mapping != nil { report(root.mark, "'version' is missing; write 'version: \(RuleFormat.version)'") }
            return
        }
        guard node.scalar?.style == .plain, node.scalar?.string == "\(RuleFormat.version)" else {
            report(node.mark, "'version' must be \(RuleFormat.version), the only one there is, not \(node.shown)")
            return
        }
    }

    private mutating func apiKeys(_ node: Node) -> [String: String] {
        var keys: [String: String] = [:]
        for entry in entries(node, path: "api_keys") {
            let path = "api_keys.\(entry.name)"
            let form = "'sha256:' and 64 hexadecimal digits; printf %s \"$KEY\" | sha256sum prints them"
            guard
                let digest = entry.value.scalar?.string.lowercased(), digest.hasPrefix("sha256:"),
                digest.utf8.count == 71, digest.dropFirst(7).allSatisfy({ $0.isASCII && $0.isHexDigit })
            else {
                // What stands there may be the key itself, so it is not repeated.
                report(entry.value.mark, "'\(path)' must be \(form)")
                continue
            }
            let digits = String(digest.dropFirst(7))
            if let other = keys.first(where: { $0.value == digits })?.key {
                report(entry.value.mark, "'\(path)' is the same key as 'api_keys.\(other)'")
            }
            keys[entry.name] = digits
        }
        return keys
    }

    private mutating func override(_ node: Node, path: String, in rules: RuleSet) -> RuleSet.Override {
        var override = RuleSet.Override()
        var scope = Scope(prefix: "\(path).")
        let before = errors.count
        walk(node, RuleFormat.override, path: "", &scope)
        override.changes = scope.changes
        if let match = scope.others["match"] {
            override.match = self.match(match, path: "\(path).match", in: rules)
        } else if node.mapping != nil {
            report(node.mark, "'\(path).match' is missing; it says which requests the override is for")
        }
        if scope.changes.isEmpty, errors.count == before {
            report(node.mark, "'\(path)' sets nothing")
        }
        var policy = rules.policy
        policy.apply(scope.changes)
        judge(scope, policy)
        return override
    }

    private mutating func match(_ node: Node, path: String, in rules: RuleSet) -> [String: [Glob]] {
        var match: [String: [Glob]] = [:]
        let names = RuleFormat.match.map(\.name)
        let found = entries(node, path: path)
        if found.isEmpty, node.mapping != nil {
            report(node.mark, "'\(path)' must name \(names.choice)")
        }
        for entry in found {
            guard names.contains(entry.name) else {
                unknown(entry, names, path: path)
                continue
            }
            let path = "\(path).\(entry.name)"
            match[entry.name] = patterns(entry.value, path: path) { reader, glob, node in
                guard entry.name == "key", !rules.apiKeys.keys.contains(where: glob.matches) else { return }
                let hint = Self.hint(glob.pattern, rules.apiKeys.keys.sorted())
                let message = "'\(path)' must match a name in 'api_keys', and '\(glob.pattern)' does not\(hint)"
                reader.report(node.mark, message)
            }
        }
        return match
    }
}

/// Nodes by their form.
extension RuleReader {
    struct Entry {
        let name: String
        let mark: Mark?
        let value: Node
    }

    /// The keys of a map and their nodes. Whatever is no map, a key that is no word, and a key that has stood there
    /// before, is reported and left out.
    mutating func entries(_ node: Node, path: String) -> [Entry] {
        guard let mapping = node.mapping else {
            let place = path.isEmpty ? "the file" : "'\(path.trimmingDot)'"
            report(node.mark, "\(place) must be a map of keys, not \(node.shown)")
            return []
        }
        var entries: [Entry] = []
        for (key, value) in mapping {
            guard let word = key.scalar?.string else {
                report(key.mark, "a key must be a word, not \(key.shown)")
                continue
            }
            let name = document.name(of: word)
            if let first = entries.first(where: { $0.name == name }) {
                let line = first.mark.map { "; the first is on line \($0.line)" } ?? ""
                report(key.mark, "'\(path.joined(name))' stands here again\(line)")
            } else {
                entries.append(Entry(name: name, mark: key.mark, value: value))
            }
        }
        return entries
    }

    mutating func list(_ node: Node, path: String) -> [Node]? {
        guard let sequence = node.sequence else {
            report(node.mark, "'\(path)' must be a list, not \(node.shown)")
            return nil
        }
        return Array(sequence)
    }

    /// Text that is not empty.
    mutating func text(_ node: Node, path: String) -> String? {
        guard let scalar = node.scalar, !scalar.string.isEmpty else {
            report(node.mark, "'\(path)' must be text, not \(node.shown)")
            return nil
        }
        return scalar.string
    }

    mutating func unknown(_ entry: Entry, _ names: [String], path: String) {
        let advice =
            if let meant = Suggestion.nearest(to: entry.name, in: names) {
                "did you mean '\(meant)'?"
            } else if DetectorID(name: entry.name) != nil {
                "detectors stand under 'detectors'"
            } else {
                "here may stand \(names.choice)"
            }
        report(entry.mark, "unknown key '\(path.joined(entry.name))'; \(advice)")
    }

    mutating func report(_ mark: Mark?, _ message: String) {
        errors.append(RuleError(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, message: message))
    }

    static func hint(_ word: String, _ words: [String]) -> String {
        Suggestion.nearest(to: word, in: words).map { "; did you mean '\($0)'?" } ?? ""
    }
}

extension Node {
    /// What stands there, for a message.
    var shown: String {
        switch self {
        case .scalar(let scalar):
            if scalar.string.isEmpty { return scalar.style == .plain ? "nothing" : "empty text" }
            let start = scalar.string.prefix(40)
            return "'\(start)\(start.count < scalar.string.count ? "…" : "")'"
        case .mapping: return "a map"
        case .sequence: return "a list"
        case .alias: return "an alias"
        }
    }
}

extension [String] {
    /// `a, b or c`.
    var choice: String {
        count < 2 ? joined() : "\(dropLast().joined(separator: ", ")) or \(self[count - 1])"
    }
}

extension String {
    /// A path, with a name after it. An override's own path ends in a dot.
    func joined(_ name: String) -> String { isEmpty || hasSuffix(".") ? self + name : "\(self).\(name)" }

    var trimmingDot: String { hasSuffix(".") ? String(dropLast()) : self }
}

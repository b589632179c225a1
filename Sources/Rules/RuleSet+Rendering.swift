import RunIdentity

extension RuleSet {
    /// The rules as a file that parses back to the same rules: every setting, each with a comment, then the overrides
    /// with what they change.
    public static func yaml(of rules: RuleSet) -> String {
        var page = YAMLPage()
        for key in RuleFormat.file {
            page.blank()
            page.comment(key.summary)
            switch key.shape {
            case .version:
                page.line("\(key.name): \(RuleFormat.version)")
            case .clients:
                page.line("\(key.name):")
                for profile in rules.clients { page.client(profile) }
                for profile in ClientProfile.shipped where !rules.clients.contains(where: { $0.name == profile.name }) {
                    page.line("  \(YAMLPage.key(profile.name)): false")
                }
            case .apiKeys:
                guard !rules.apiKeys.isEmpty else {
                    page.example(["api_keys:", "  alice: sha256:…"])
                    continue
                }
                page.line("\(key.name):")
                for (name, digits) in rules.apiKeys.sorted(by: { $0.key < $1.key }) {
                    page.line("  \(YAMLPage.quoted(name)): \"sha256:\(digits)\"")
                }
            case .trees:
                guard !rules.treeMappings.isEmpty else {
                    page.example([
                        "trees:", "  - name: my-agent", "    when: {headers: {x-my-session: \"*\"}}",
                        "    session: {header: x-my-session}", "    node: {header: x-my-agent}",
                    ])
                    continue
                }
                page.line("\(key.name):")
                for mapping in rules.treeMappings { page.tree(mapping) }
            case .overrides:
                guard !rules.overrides.isEmpty else {
                    page.example(["overrides:", "  - match: {model: \"qwen*\", client: \"*aider*\"}", "    mode: warn"])
                    continue
                }
                page.line("\(key.name):")
                for override in rules.overrides { page.override(override) }
            default:
                page.setting(key, path: key.name, commented: true) { $1.get(rules.policy) }
            }
        }
        return page.text
    }
}

/// A rules file as it is written.
private struct YAMLPage {
    private(set) var text = ""
    private var depth = 0

    mutating func line(_ line: String) { text += "\(String(repeating: "  ", count: depth))\(line)\n" }

    mutating func blank() {
        if !text.isEmpty { text += "\n" }
    }

    /// Words in lines of at most a hundred characters.
    mutating func comment(_ remark: String) {
        var row = "#"
        for word in remark.split(separator: " ") {
            if depth * 2 + row.count + 1 + word.count > 100 {
                line(row)
                row = "#"
            }
            row += " \(word)"
        }
        line(row)
    }

    mutating func example(_ lines: [String]) {
        for example in lines { line("# \(example)") }
    }

    mutating func client(_ profile: ClientProfile) {
        depth += 1
        line("\(Self.key(profile.name)):")
        depth += 1
        if let source = profile.source { line("source: \(Self.quoted(source))") }
        if !profile.userAgents.isEmpty { line("user_agent: \(Self.patterns(profile.userAgents))") }
        if !profile.headers.isEmpty {
            let marks = profile.headers.map { "\(Self.key($0.name)): \(Self.patterns($0.patterns))" }
            line("headers: {\(marks.joined(separator: ", "))}")
        }
        for key in RuleFormat.settings {
            setting(key, path: key.name, commented: false) { path, _ in profile.changes[path] }
        }
        depth -= 2
    }

    mutating func tree(_ mapping: TreeMapping) {
        var when = [String]()
        if !mapping.userAgents.isEmpty {
            when.append("user_agent: \(Self.patterns(mapping.userAgents.map { Glob($0) }))")
        }
        if !mapping.headers.isEmpty {
            let headers = mapping.headers.sorted { $0.key < $1.key }
            let members = headers.map { "\(Self.key($0.key)): \(Self.patterns($0.value.map { Glob($0) }))" }
            when.append("headers: {\(members.joined(separator: ", "))}")
        }
        depth += 1
        line("- name: \(Self.quoted(mapping.name))")
        depth += 1
        line("when: {\(when.joined(separator: ", "))}")
        for key in RuleFormat.tree {
            guard case .place(let member) = key.form, let place = mapping[keyPath: member] else { continue }
            switch place {
            case .header(let name): line("\(key.name): {header: \(Self.quoted(name))}")
            case .body(let path): line("\(key.name): {body: \(Self.quoted(path.joined(separator: ".")))}")
            }
        }
        let strength = RuleFormat.strengths.first { $0.value == mapping.strength }?.word
        if let strength { line("strength: \(strength)") }
        depth -= 2
    }

    mutating func override(_ override: RuleSet.Override) {
        let match = RuleFormat.match.compactMap { key in
            override.match[key.name].map { globs in
                "\(key.name): \(Self.patterns(globs))"
            }
        }
        depth += 1
        line("- match: {\(match.joined(separator: ", "))}")
        depth += 1
        for key in RuleFormat.settings {
            setting(key, path: key.name, commented: false) { path, _ in override.changes[path] }
        }
        depth -= 2
    }

    /// Writes a key and what is below it, as far as `value` has values. The comment of a key at the margin has been
    /// written by the caller.
    mutating func setting(
        _ key: RuleKey,
        path: String,
        commented: Bool,
        value: (_ path: String, Leaf) -> RuleValue?
    ) {
        func inline(_ keys: [RuleKey]) -> [(name: String, value: String)] {
            keys.compactMap { child in
                guard case .leaf(let leaf) = child.shape, let value = value("\(path).\(child.name)", leaf) else {
                    return nil
                }
                return (child.name, Self.flow(value))
            }
        }
        func remark(_ page: inout YAMLPage) {
            // What a detector's mode is stands once, above them all.
            if commented, page.depth > 0, key.name != "mode" { page.comment(key.summary) }
        }
        switch key.shape {
        case .leaf(let leaf):
            guard let value = value(path, leaf) else { return }
            remark(&self)
            guard case .bands(let bands) = value else { return line("\(key.name): \(Self.flow(value))") }
            line("\(key.name):")
            for band in bands {
                let members = RuleFormat.band.map { "\($0.name): \(band[keyPath: $0.member])" }
                line("  - {\(members.joined(separator: ", "))}")
            }
        case .modes(let keys):
            let modes = inline(keys)
            guard let first = modes.first else { return }
            let isSame = modes.count == keys.count && modes.allSatisfy { $0.value == first.value }
            let map = "{\(modes.map { "\($0.name): \($0.value)" }.joined(separator: ", "))}"
            remark(&self)
            line("\(key.name): \(isSame ? first.value : map)")
        case .map(let keys, inline: true):
            let members = inline(keys).map { "\($0.name): \($0.value)" }
            guard !members.isEmpty else { return }
            remark(&self)
            line("\(key.name): {\(members.joined(separator: ", "))}")
        case .map(let keys, inline: false):
            var below = YAMLPage()
            below.depth = depth + 1
            for child in keys {
                if commented, case .map(_, inline: false) = child.shape { below.blank() }
                below.setting(child, path: "\(path).\(child.name)", commented: commented, value: value)
            }
            guard !below.text.isEmpty else { return }
            remark(&self)
            line("\(key.name):")
            text += below.text
        case .version, .clients, .source, .userAgents, .headers, .apiKeys, .trees, .match, .overrides:
            return
        }
    }

    /// One pattern, or a list of them.
    private static func patterns(_ globs: [Glob]) -> String {
        let patterns = globs.map { quoted($0.pattern) }
        return patterns.count == 1 ? patterns[0] : "[\(patterns.joined(separator: ", "))]"
    }

    /// A name as a key: in quotes unless it is plainly a word.
    static func key(_ name: String) -> String {
        let isWord = name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "-") }
        return isWord && name.utf8.first != UInt8(ascii: "-") && name.utf8.count > 1
            && !["true", "false", "null", "yes", "no", "on", "off"].contains(name) ? name : quoted(name)
    }

    /// A value on one line.
    private static func flow(_ value: RuleValue) -> String {
        func list(_ names: Set<String>) -> String { "[\(names.sorted().map(quoted).joined(separator: ", "))]" }
        switch value {
        case .boolean(let value): return "\(value)"
        case .integer(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .word(let word): return word
        case .text(let text): return text.map(quoted) ?? "false"
        case .names(let names): return list(names)
        case .namesByName(let lists):
            let members = lists.sorted { $0.key < $1.key }.map { "\(quoted($0.key)): \(list($0.value))" }
            return "{\(members.joined(separator: ", "))}"
        case .bands(let bands):
            let rows = bands.map { band in
                RuleFormat.band.map { "\($0.name): \(band[keyPath: $0.member])" }.joined(separator: ", ")
            }
            return "[\(rows.map { "{\($0)}" }.joined(separator: ", "))]"
        }
    }

    /// Text in double quotes; what YAML does not take as it is stands as an escape.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case " "..."~": quoted.unicodeScalars.append(scalar)
            case let scalar where scalar.properties.isAlphabetic || scalar.properties.isEmoji:
                quoted.unicodeScalars.append(scalar)
            case let scalar:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return quoted + "\""
    }
}

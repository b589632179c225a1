import GenerationWire
import RunIdentity
import Yams

/// The mappings of clients' ids to run trees.
extension RuleReader {
    mutating func trees(_ node: Node) -> [TreeMapping] {
        var mappings: [TreeMapping] = []
        for (index, node) in (list(node, path: "trees") ?? []).enumerated() {
            let path = "trees[\(index)]"
            let mapping = mapping(node, path: path)
            if mappings.contains(where: { $0.name == mapping.name }), !mapping.name.isEmpty {
                report(node.mark, "'\(path).name' is '\(mapping.name)', as another's is; mappings are told apart by it")
            }
            mappings.append(mapping)
        }
        return mappings
    }

    private mutating func mapping(_ node: Node, path: String) -> TreeMapping {
        var mapping = TreeMapping(name: "")
        let before = errors.count
        var found: [String: Node] = [:]
        for entry in entries(node, path: path) {
            guard let key = RuleFormat.tree.first(where: { $0.name == entry.name }) else {
                unknown(entry, RuleFormat.tree.map(\.name), path: path)
                continue
            }
            found[entry.name] = entry.value
            let path = "\(path).\(entry.name)"
            switch key.form {
            case .name: mapping.name = text(entry.value, path: path) ?? ""
            case .when: when(entry.value, path: path, in: &mapping)
            case .place(let member): mapping[keyPath: member] = place(entry.value, path: path)
            case .strength:
                guard case .word(let word)? = value(.choice(RuleFormat.strengths.map(\.word)), entry.value, path: path)
                else { continue }
                mapping.strength = RuleFormat.strengths.first { $0.word == word }?.value ?? .session
            }
        }
        guard node.mapping != nil, errors.count == before else { return mapping }
        for name in ["name", "when"] where found[name] == nil {
            report(node.mark, "'\(path).\(name)' is missing; \(missing(name))")
        }
        if mapping.session == nil, mapping.tree == nil, mapping.node == nil {
            report(node.mark, "'\(path)' places nothing; it must have session, tree or node")
        }
        if mapping.parent != nil, mapping.node == nil {
            report(found["parent"]?.mark, "'\(path).parent' needs 'node': without it nothing stands below the parent")
        }
        if mapping.strength == .strict, mapping.node == nil, mapping.turn == nil {
            report(
                found["strength"]?.mark,
                "'\(path).strength' is strict, which needs 'turn' or 'node': a session goes on after a stop"
            )
        }
        return mapping
    }

    private func missing(_ name: String) -> String {
        name == "name" ? "logs show it" : "it says which requests the mapping is for"
    }

    private mutating func when(_ node: Node, path: String, in mapping: inout TreeMapping) {
        let found = entries(node, path: path)
        let names = RuleFormat.when.map(\.name)
        if found.isEmpty, node.mapping != nil { report(node.mark, "'\(path)' must name \(names.choice)") }
        for entry in found {
            let path = "\(path).\(entry.name)"
            switch entry.name {
            case "user_agent": mapping.userAgents = patterns(entry.value, path: path).map(\.pattern)
            case "headers":
                let headers = entries(entry.value, path: path)
                if headers.isEmpty, entry.value.mapping != nil {
                    report(entry.value.mark, "'\(path)' must name a header")
                }
                for header in headers {
                    let globs = patterns(header.value, path: "\(path).\(header.name)")
                    mapping.headers[header.name.lowercased(), default: []] += globs.map(\.pattern)
                }
            default: unknown(entry, names, path: String(path.dropLast(entry.name.count + 1)))
            }
        }
    }

    private mutating func place(_ node: Node, path: String) -> TreeMapping.Place? {
        let names = RuleFormat.place.map(\.name)
        let found = entries(node, path: path)
        for entry in found where !names.contains(entry.name) { unknown(entry, names, path: path) }
        guard found.count == 1, let entry = found.first, names.contains(entry.name) else {
            if node.mapping != nil, found.allSatisfy({ names.contains($0.name) }) {
                report(node.mark, "'\(path)' must have one of \(names.choice)")
            }
            return nil
        }
        let path = "\(path).\(entry.name)"
        guard let value = text(entry.value, path: path) else { return nil }
        if entry.name == "header" {
            guard value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }) else {
                report(entry.value.mark, "'\(path)' must be the name of a header, not \(entry.value.shown)")
                return nil
            }
            return .header(value.lowercased())
        }
        guard let field = BodyField(parsing: value) else {
            report(entry.value.mark, "'\(path)' must be names joined by dots, not \(entry.value.shown)")
            return nil
        }
        return .body(field.path)
    }
}

import RunIdentity
import Yams

/// The profiles of clients.
extension RuleReader {
    /// Reads the profile of one client into `rules`: a new one, what differs in one that is there, or `false`.
    mutating func client(_ entry: Entry, in rules: inout RuleSet) {
        let path = "clients.\(entry.name)"
        let place = rules.clients.firstIndex { $0.name == entry.name }
        if entry.value.scalar?.style == .plain, entry.value.scalar?.string == "false" {
            guard let place else {
                let hint = Self.hint(entry.name, rules.clients.map(\.name))
                report(entry.mark, "'\(path)' cannot be switched off, because there is no such profile\(hint)")
                return
            }
            rules.clients.remove(at: place)
            return
        }
        guard entry.value.mapping != nil else {
            report(entry.value.mark, "'\(path)' must be a map of keys, or false, not \(entry.value.shown)")
            return
        }
        var profile = place.map { rules.clients[$0] } ?? ClientProfile(name: entry.name)
        var scope = Scope(prefix: "\(path).")
        let before = errors.count
        walk(entry.value, RuleFormat.client, path: "", &scope)
        profile.changes.merge(scope.changes) { $1 }
        if let node = scope.others["source"] { profile.source = text(node, path: "\(path).source") }
        if let node = scope.others["user_agent"] {
            profile.userAgents = patterns(node, path: "\(path).user_agent")
        }
        if let node = scope.others["headers"] {
            let headers = entries(node, path: "\(path).headers").map { header in
                (header.name.lowercased(), patterns(header.value, path: "\(path).headers.\(header.name)"))
            }
            profile.headers = ClientProfile.marks(Dictionary(headers) { $0 + $1 })
        }
        if profile.userAgents.isEmpty, profile.headers.isEmpty, errors.count == before {
            report(entry.mark, "'\(path)' must have 'user_agent' or 'headers', by which the client is told")
        }
        if profile.changes.isEmpty, errors.count == before {
            report(entry.mark, "'\(path)' sets nothing")
        }
        var policy = rules.policy
        policy.apply(profile.changes)
        judge(scope, policy)
        if let place { rules.clients[place] = profile } else { rules.clients.append(profile) }
    }

    /// One pattern or a list of them; each is shown to `judge`.
    mutating func patterns(
        _ node: Node,
        path: String,
        judge: (inout RuleReader, Glob, Node) -> Void = { _, _, _ in }
    ) -> [Glob] {
        let nodes = node.scalar == nil ? list(node, path: path) ?? [] : [node]
        if nodes.isEmpty, node.sequence != nil {
            report(node.mark, "'\(path)' must have a pattern")
        }
        var globs: [Glob] = []
        for node in nodes {
            guard let pattern = text(node, path: path) else { continue }
            globs.append(Glob(pattern))
            judge(&self, Glob(pattern), node)
        }
        return globs
    }
}

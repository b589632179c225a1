/// Settings for a client that is known by its headers.
struct ClientProfile: Sendable, Equatable {
    let name: String
    /// Where it is written that the client sends these headers and does what the settings are for.
    var source: String?
    /// Patterns of `User-Agent`.
    var userAgents: [Glob] = []
    /// Patterns by the name of another header, in lower case.
    var headers: [String: [Glob]] = [:]
    /// What is set, by the path of the key.
    var changes: [String: RuleValue] = [:]

    /// Whether the request comes from this client. One mark is enough: many clients show one only to some providers.
    func matches(_ facts: RequestFacts) -> Bool {
        if let userAgent = facts.userAgent, userAgents.contains(where: { $0.matches(userAgent) }) { return true }
        return headers.contains { name, patterns in
            guard let value = facts.headers.first(name) else { return false }
            return patterns.contains { $0.matches(value) }
        }
    }
}

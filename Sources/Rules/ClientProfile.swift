import RunIdentity

/// Settings for a client that is known by its headers.
struct ClientProfile: Sendable, Equatable {
    let name: String
    /// Where it is written that the client sends these headers and does what the settings are for.
    var source: String?
    /// Patterns of `User-Agent`.
    var userAgents: [Glob] = []
    /// Patterns of other headers.
    var headers: [HeaderMark] = []
    /// What is set, by the path of the key.
    var changes: [String: RuleValue] = [:]

    /// Whether the request comes from this client. One mark is enough: many clients show one only to some providers.
    func matches(_ facts: RequestFacts) -> Bool {
        if let userAgent = facts.userAgent, Glob.any(of: userAgents, matches: userAgent) { return true }
        let marks = headers.span
        for index in marks.indices {
            guard let value = facts.headers.first(marks[index].name) else { continue }
            if Glob.any(of: marks[index].patterns, matches: value) { return true }
        }
        return false
    }

    /// A header by which a client is told.
    struct HeaderMark: Sendable, Equatable {
        /// In lower case; each name once in a profile, in alphabetical order.
        let name: String
        let patterns: [Glob]
    }

    /// Marks out of patterns by name.
    static func marks(_ patterns: [String: [Glob]]) -> [HeaderMark] {
        patterns.sorted { $0.key < $1.key }.map { HeaderMark(name: $0.key, patterns: $0.value) }
    }
}

public import Guard
public import RunIdentity

/// What a rules file says: settings for every request, and overrides for some.
///
/// Made by ``parse(yaml:file:)`` or ``load(_:)``; ``default`` is compiled in, so no file is needed.
public struct RuleSet: Sendable, Equatable {
    /// The shipped rules: `rules/default.yaml` says the same.
    public static let `default` = RuleSet()

    /// The settings of a request that no profile and no override matches.
    public var settings: GuardSettings { policy.settings }

    /// Whether a request may lower its own guard by headers, when no override matches.
    public var requestOverrides: RequestOverrides { policy.requestOverrides }

    /// How the requests of clients that are not known are placed in run trees; the first that fits counts.
    public internal(set) var treeMappings: [TreeMapping] = []

    /// Whether `X-Loopguard-Mode` and `X-Loopguard-Disable` are honoured.
    public enum RequestOverrides: Sendable, Equatable {
        /// They may lower the guard, never raise it.
        case allow
        /// They are ignored.
        case deny
    }

    var policy = Policy()
    /// The SHA-256 of each API key in hexadecimal digits, by its name.
    var apiKeys: [String: String] = [:]
    /// The profiles of known clients.
    var clients = ClientProfile.shipped
    var overrides: [Override] = []

    /// Other settings for some requests.
    struct Override: Sendable, Equatable {
        /// Patterns by what they are compared with, `model` for one; any of a list will do, and all lists must match.
        var match: [String: [Glob]] = [:]
        /// What is set, by the path of the key.
        var changes: [String: RuleValue] = [:]
    }
}

extension Policy {
    /// Sets these keys. Each writes to a place of its own, so their order does not matter.
    mutating func apply(_ changes: [String: RuleValue]) {
        for (path, value) in changes {
            RuleFormat.leaves[path]?.set(&self, value)
        }
    }
}

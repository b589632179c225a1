public import Guard
import LoopDetection
import RunIdentity

/// What the rules say about one request.
public struct Resolution: Sendable, Equatable {
    /// How to guard it.
    public var settings: GuardSettings
    /// What was ignored in its headers, and why. For the log: the request goes on.
    public var diagnostics: [String] = []
    /// Whether the run is recorded, where recordings are made.
    public var recording = RecordingRule()
    /// The name that `api_keys` gives to the request's key.
    public var keyName: String?
    /// The client that the request comes from, by the name of its profile; the last, when several match.
    public var client: String?
}

extension RuleSet {
    /// The settings for a request.
    public func settings(for facts: RequestFacts) -> GuardSettings { resolve(facts).settings }

    /// The settings for a request, with what was found on the way: the base, then the profile of its client, then
    /// every override that matches in the order of the file, then the request's own headers, which can only lower.
    public func resolve(_ facts: RequestFacts) -> Resolution {
        let keyName = facts.keyName ?? facts.authorization.flatMap(keyName(authorization:))
        var policy = policy
        var client: String?
        // In a span, since a copy of each profile would cost more than the comparison.
        let profiles = clients.span
        for index in profiles.indices where profiles[index].matches(facts) {
            policy.apply(profiles[index].changes)
            client = profiles[index].name
        }
        for override in overrides where override.matches(facts, keyName) {
            policy.apply(override.changes)
        }
        var diagnostics: [String] = []
        if let header = facts.modeHeader {
            policy.lower(toMode: header, &diagnostics)
        }
        if let header = facts.disableHeader {
            policy.disable(header, &diagnostics)
        }
        return Resolution(
            settings: policy.settings,
            diagnostics: diagnostics,
            recording: policy.recording,
            keyName: keyName,
            client: client
        )
    }

    /// The name of the key in an `Authorization` header; of `Bearer TOKEN` the token counts, of anything else all.
    ///
    /// How long the comparison takes tells of the digest only, from which no key can be had.
    private func keyName(authorization: String) -> String? {
        guard !apiKeys.isEmpty else { return nil }
        let words = authorization.split(separator: " ", omittingEmptySubsequences: true)
        let isBearer = words.count == 2 && words[0].lowercased() == "bearer"
        let digest = SHA256.hexadecimal(isBearer ? Array(words[1].utf8) : Array(authorization.utf8))
        return apiKeys.first { $0.value == digest }?.key
    }
}

extension RuleSet.Override {
    fileprivate func matches(_ facts: RequestFacts, _ keyName: String?) -> Bool {
        RuleFormat.match.allSatisfy { key in
            guard let globs = match[key.name] else { return true }
            guard let fact = key.fact(facts, keyName) else { return false }
            return globs.contains { $0.matches(fact) }
        }
    }
}

extension Policy {
    /// Carries out `X-Loopguard-Mode`.
    fileprivate mutating func lower(toMode header: String, _ diagnostics: inout [String]) {
        let name = "X-Loopguard-Mode"
        guard permitsHeader(name, &diagnostics) else { return }
        let word = header.trimmed.lowercased()
        guard let mode = RuleKey.modeWords.first(where: { $0.word == word })?.value else {
            diagnostics.append("\(name) ignored: '\(header.shortened)' is not off, observe, warn or stop")
            return
        }
        guard mode <= settings.mode else {
            diagnostics.append("\(name) ignored: '\(word)' would raise the mode, and a header can only lower it")
            return
        }
        settings.mode = mode
    }

    /// Carries out `X-Loopguard-Disable`.
    fileprivate mutating func disable(_ header: String, _ diagnostics: inout [String]) {
        let name = "X-Loopguard-Disable"
        guard permitsHeader(name, &diagnostics) else { return }
        for word in header.split(separator: ",").map({ $0.trimmed.lowercased() }) where !word.isEmpty {
            if let detector = DetectorID(name: word) {
                disable(detector)
            } else {
                let meant = Suggestion.nearest(to: word, in: DetectorID.allCases.map(\.name))
                let hint = meant.map { "; did you mean '\($0)'?" } ?? ""
                diagnostics.append("\(name): '\(word.shortened)' ignored, there is no such detector\(hint)")
            }
        }
    }

    private func permitsHeader(_ name: String, _ diagnostics: inout [String]) -> Bool {
        if requestOverrides == .deny { diagnostics.append("\(name) ignored: the rules deny request overrides") }
        return requestOverrides == .allow
    }

    private mutating func disable(_ detector: DetectorID) {
        let path = "detectors.\(detector.name).mode"
        for place in [path, "\(path).content", "\(path).reasoning", "\(path).code"] {
            RuleFormat.leaves[place]?.set(&self, .word("off"))
        }
    }
}

extension StringProtocol {
    /// Without the spaces and tabs that HTTP allows around a value.
    fileprivate var trimmed: String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(drop(while: blank).reversed().drop(while: blank).reversed())
    }

    /// Short enough for a line of log, whatever a client sends, and on one line.
    fileprivate var shortened: String {
        let visible = unicodeScalars.prefix(64).map { $0.properties.generalCategory == .control ? " " : Character($0) }
        return String(visible) + (unicodeScalars.count > 64 ? "…" : "")
    }
}

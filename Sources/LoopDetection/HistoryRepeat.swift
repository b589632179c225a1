import GenerationWire

/// `history_repeat`: the model goes round in circles across the rounds of the present turn.
///
/// The conversation is read once. It convicts nobody: a verdict is spoken over the call of the new response that would
/// take the pattern one step further, and a count includes that step. So with `identical.stop` at 5, four rounds with
/// the same calls and the same results lie in the past when the fifth is stopped; with `cycles.stop` at 3, the call
/// that would complete the third cycle is. Calls made in parallel count once: a round is a set.
///
/// A result that is missing, or that the client has replaced by a placeholder, is equal to nothing.
struct HistoryRepeat: Sendable {
    /// The patterns, as evidence names them.
    private enum Pattern: String {
        case identical
        case cycle
        case interleaved
        case sameError = "same_error"
        case sameResult = "same_result"
        case polling
        case unknownTool = "unknown_tool"
    }

    /// A regular tail: rounds that come back after `period` rounds.
    private struct Cycle: Sendable {
        let period: Int
        /// The rounds of the tail.
        let length: Int
        /// The calls of the round that would come next.
        let next: Set<Fingerprint>
    }

    /// Calls of one family that all had the same result.
    private struct Streak: Sendable {
        var result: Fingerprint
        var calls: Set<Fingerprint>
        var count: Int
        let isError: Bool
    }

    /// The longest cycle that is looked for, in rounds.
    private static let longestCycle = 5
    /// A shorter result, such as `True` or `ok`, may well be the same for different work
    /// (vstorm-co/pydantic-deepagents#208).
    private static let telling = 64
    /// So many of the latest messages are named in evidence.
    private static let namedMessages = 8

    private let settings: HistoryRepeatSettings
    private let offeredTools: Set<String>
    private var cycles: [Cycle] = []
    private var interleaved: [Fingerprint: Int] = [:]
    private var errors: [ToolCall.Family: Streak] = [:]
    private var results: [ToolCall.Family: Streak] = [:]
    /// Rounds at the end with the same calls, and whether their results differed.
    private var polls = 0
    private var pollsDiffer = false
    private var polled: Set<Fingerprint> = []
    private var waits = 0
    private var unknownRounds = 0
    private var unknownNames: Set<String> = []
    private var messages: [Int] = []
    private var last: HistoryRounds.Entry?
    /// The calls of the new response so far.
    private var current: Set<Fingerprint> = []

    init(_ conversation: Conversation, _ calls: PastCalls, _ settings: HistoryRepeatSettings) {
        self.settings = settings
        offeredTools = conversation.offeredTools
        let history = HistoryRounds(conversation, calls, settings)
        waits = history.waits
        last = history.rounds.last?.entries.last
        messages = history.rounds.suffix(Self.namedMessages).compactMap(\.message)
        findCycles(history.rounds)
        findPolling(history.rounds)
        for round in history.rounds {
            for entry in round.entries where entry.isUnknownTool { unknownNames.insert(entry.call.name) }
            unknownRounds = round.entries.allSatisfy(\.isUnknownTool) ? unknownRounds + 1 : 0
        }
        followResults(history.rounds)
    }

    /// Judges a call of the new response.
    mutating func completed(_ call: ToolCall) -> Finding? {
        if settings.exempt.contains(call.name) { return nil }
        if call.shell?.isWait == true {
            return finding(.polling, settings.polling, waits + 1, call, call.fingerprint)
        }
        let fingerprint = call.fingerprint(ignoring: settings.ignoreFields)
        current.insert(fingerprint)

        var gravest: Finding?
        func consider(_ pattern: Pattern, _ limits: WarnStop, _ count: Int) {
            gravest = Finding.gravest(gravest, finding(pattern, limits, count, call, fingerprint))
        }
        for cycle in cycles where cycle.next == current {
            if cycle.period == 1 {
                consider(.identical, settings.identical, cycle.length + 1)
            } else {
                consider(.cycle, settings.cycles, (cycle.length + 1) / cycle.period)
            }
        }
        if let count = interleaved[fingerprint] { consider(.interleaved, settings.interleaved, count + 1) }
        if let streak = errors[call.family], Self.varies(streak, fingerprint) {
            consider(.sameError, settings.sameError, streak.count + 1)
        }
        if let streak = results[call.family], Self.varies(streak, fingerprint) {
            consider(.sameResult, settings.sameResult, streak.count + 1)
        }
        if pollsDiffer, polled == current { consider(.polling, settings.polling, polls + 1) }
        if isUnknown(call.name) { consider(.unknownTool, settings.unknownTool, unknownRounds + 1) }
        return gravest
    }

    /// What the past alone shows; counts hold the past only.
    func preflight() -> Finding? {
        guard let last else { return nil }
        let (call, fingerprint) = (last.call, last.fingerprint)
        var gravest: Finding?
        func consider(_ pattern: Pattern, _ limits: WarnStop, _ count: Int) {
            gravest = Finding.gravest(gravest, finding(pattern, limits, count, call, fingerprint))
        }
        for cycle in cycles {
            if cycle.period == 1 {
                consider(.identical, settings.identical, cycle.length)
            } else {
                consider(.cycle, settings.cycles, cycle.length / cycle.period)
            }
        }
        if let count = interleaved[fingerprint] { consider(.interleaved, settings.interleaved, count) }
        if let streak = errors[call.family], streak.calls.count > 1 {
            consider(.sameError, settings.sameError, streak.count)
        }
        if let streak = results[call.family], streak.calls.count > 1 {
            consider(.sameResult, settings.sameResult, streak.count)
        }
        if pollsDiffer { consider(.polling, settings.polling, polls) }
        consider(.unknownTool, settings.unknownTool, unknownRounds)
        return gravest
    }

    private func finding(
        _ pattern: Pattern,
        _ limits: WarnStop,
        _ count: Int,
        _ call: ToolCall,
        _ fingerprint: Fingerprint
    ) -> Finding? {
        limits.level(at: count).map { level in
            Finding(
                level,
                call,
                pattern: pattern.rawValue,
                count: count,
                fingerprint: fingerprint,
                messages: Array(messages.suffix(max(count - 1, 1)))
            )
        }
    }

    private static func varies(_ streak: Streak, _ call: Fingerprint) -> Bool {
        streak.calls.count > 1 || !streak.calls.contains(call)
    }

    private func isUnknown(_ name: String) -> Bool {
        unknownNames.contains(name) || (!offeredTools.isEmpty && !offeredTools.contains(name))
    }

    // MARK: - Reading the rounds

    /// For every period, how far back from the end the rounds come back.
    private mutating func findCycles(_ rounds: [HistoryRounds.Round]) {
        let signatures = rounds.map(\.signature)
        for period in 1...Self.longestCycle where period <= rounds.count {
            var index = rounds.count - 1
            while index >= period, let signature = signatures[index], signature == signatures[index - period] {
                index -= 1
            }
            // A cycle that repeats within itself is found at its own, shorter period.
            let unit = Array(signatures.suffix(period))
            guard !unit.contains(nil), !Self.repeatsWithin(unit) else { continue }
            let length = rounds.count - 1 - index + period
            cycles.append(
                Cycle(period: period, length: min(length, rounds.count), next: rounds[rounds.count - period].calls)
            )
        }
    }

    private static func repeatsWithin(_ unit: [Fingerprint?]) -> Bool {
        (1..<max(unit.count, 1)).contains { period in
            unit.count % period == 0 && unit.indices.dropFirst(period).allSatisfy { unit[$0] == unit[$0 - period] }
        }
    }

    private mutating func findPolling(_ rounds: [HistoryRounds.Round]) {
        guard let tail = rounds.last else { return }
        polled = tail.calls
        var seen: Set<Fingerprint> = []
        for round in rounds.reversed() {
            guard round.calls == polled, let signature = round.signature else { break }
            polls += 1
            seen.insert(signature)
        }
        pollsDiffer = seen.count > 1
    }

    /// Follows, from the first round to the last, what comes back although other work lies between.
    ///
    /// Progress is a call never made before in this turn that succeeded with a result its family did not have just
    /// before. It wipes the slate: whoever gets on elsewhere may look at the same thing again, or fail again.
    private mutating func followResults(_ rounds: [HistoryRounds.Round]) {
        var seen: Set<Fingerprint> = []
        var occurrences: [Fingerprint: (call: Fingerprint, count: Int, first: Int)] = [:]
        for (index, round) in rounds.enumerated() {
            if round.entries.contains(where: { isProgress($0, seen) }) {
                occurrences.removeAll()
                errors.removeAll()
            }
            var counted: Set<Fingerprint> = []
            var families: Set<ToolCall.Family> = []
            for entry in round.entries {
                if let pair = entry.pair {
                    seen.insert(pair)
                    if counted.insert(pair).inserted {
                        occurrences[pair, default: (entry.fingerprint, 0, index)].count += 1
                    }
                }
                follow(entry, isFirst: families.insert(entry.call.family).inserted)
            }
        }
        for (call, count, first) in occurrences.values where rounds.count - first > count {
            interleaved[call] = max(interleaved[call] ?? 0, count)
        }
    }

    private func isProgress(_ entry: HistoryRounds.Entry, _ seen: Set<Fingerprint>) -> Bool {
        guard let result = entry.result, !entry.isError, let pair = entry.pair, !seen.contains(pair) else {
            return false
        }
        return result.length < Self.telling || results[entry.call.family]?.result != result.fingerprint
    }

    /// Keeps the streaks of equal results. `isFirst`: no other call of the family was followed in this round.
    private mutating func follow(_ entry: HistoryRounds.Entry, isFirst: Bool) {
        let family = entry.call.family
        guard let result = entry.result, let fingerprint = result.fingerprint else {
            errors[family] = nil
            results[family] = nil
            return
        }
        func extended(_ streak: Streak?) -> Streak {
            guard var streak, streak.result == fingerprint else {
                return Streak(result: fingerprint, calls: [entry.fingerprint], count: 1, isError: entry.isError)
            }
            streak.calls.insert(entry.fingerprint)
            if isFirst { streak.count += 1 }
            return streak
        }
        if entry.isError {
            errors[family] = extended(errors[family])
            results[family] = nil
        } else {
            errors[family] = nil
            results[family] = result.length >= Self.telling ? extended(results[family]) : nil
        }
    }
}

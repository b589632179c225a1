import GenerationWire

/// The present turn as `history_repeat` sees it: for each assistant message that called tools, the set of its calls
/// with their results.
///
/// Calls of exempt tools, calls that do nothing but wait, and calls that we refused ourselves are left out: they
/// neither count nor reset. A round of which nothing is left is left out as a whole.
struct HistoryRounds: Sendable {
    struct Entry: Sendable {
        let call: ToolCall
        /// Of the call without the fields that the settings ignore.
        let fingerprint: Fingerprint
        let result: ToolResult?
        let isUnknownTool: Bool
        /// Whether the result is an error, by its shape or by what it says.
        let isError: Bool

        /// The call with its result; `nil` when there is none that could be compared.
        var pair: Fingerprint? { result?.fingerprint.map { Fingerprint([fingerprint, $0]) } }
    }

    struct Round: Sendable {
        let entries: [Entry]
        let calls: Set<Fingerprint>
        /// Equal for rounds with the same calls and the same results; `nil` when a result is missing.
        let signature: Fingerprint?

        init(_ entries: [Entry]) {
            self.entries = entries
            calls = Set(entries.map(\.fingerprint))
            let pairs = entries.compactMap(\.pair)
            signature = pairs.count == entries.count ? Fingerprint(Set(pairs).sorted()) : nil
        }

        /// The message that held the first result.
        var message: Int? { entries.lazy.compactMap(\.result?.message).first }
    }

    private(set) var rounds: [Round] = []
    /// Rounds at the end that did nothing but wait.
    private(set) var waits = 0

    init(_ conversation: Conversation, _ calls: PastCalls, _ settings: HistoryRepeatSettings) {
        for (index, round) in conversation.rounds.enumerated() where round.turn == conversation.userTurns {
            var entries: [Entry] = []
            var waited = false
            for (call, result, failure) in calls.rounds[index] {
                if settings.exempt.contains(call.name) || result?.isRefusal == true { continue }
                if call.shell?.isWait == true {
                    waited = true
                    continue
                }
                entries.append(
                    Entry(
                        call: call,
                        fingerprint: call.fingerprint(ignoring: settings.ignoreFields),
                        result: result,
                        isUnknownTool: failure?.kind == .unknownTool,
                        isError: failure != nil || result?.isError == true
                    )
                )
            }
            if entries.isEmpty {
                if waited { waits += 1 }
            } else {
                waits = 0
                rounds.append(Round(entries))
            }
        }
    }
}

/// The calls and results of a conversation's present turn, read once for all detectors.
struct PastCalls: Sendable {
    /// One list for each of the conversation's rounds; empty for rounds of earlier turns.
    let rounds: [[(call: ToolCall, result: ToolResult?, failure: Failure?)]]

    init(_ conversation: Conversation) {
        rounds = conversation.rounds.map { round in
            guard round.turn == conversation.userTurns else { return [] }
            return round.calls.map { past in
                let call = ToolCall(past.name, past.arguments)
                let result = past.result.map(ToolResult.init)
                let isOffered = conversation.offeredTools.isEmpty || conversation.offeredTools.contains(past.name)
                return (call, result, result.flatMap { Failure(of: call, $0, isOffered: isOffered) })
            }
        }
    }
}

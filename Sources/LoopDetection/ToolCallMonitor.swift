public import GenerationWire

/// All detectors over the tool calls of one response choice, with what the conversation says about them.
///
/// `tool_name_run` and `argument_dedup` look at the calls of this response alone. `history_repeat` and
/// `permanent_failure` read the conversation's present turn once; the past alone stops nothing, the new call that
/// carries on with it does. A verdict's `byte` is the number of calls completed in this response.
public struct ToolCallMonitor: Sendable {
    private let settings: DetectorSettings
    private var nameRun: ToolNameRun
    private var dedup: ArgumentDedup
    private var history: HistoryRepeat?
    private var failures: PermanentFailure?
    private var calls = 0
    /// The highest mode each detector has spoken in: it speaks once per mode.
    private var spoken: [DetectorID: Mode] = [:]

    /// Reads the conversation once. Costs time linear in its size.
    public init(conversation: Conversation, settings: DetectorSettings) {
        self.settings = settings
        nameRun = ToolNameRun(settings.toolNameRun)
        dedup = ArgumentDedup(settings.argumentDedup)
        let readsHistory = settings.historyRepeat.mode > .off
        let readsFailures = settings.permanentFailure.mode > .off
        guard readsHistory || readsFailures else { return }
        let past = PastCalls(conversation)
        if readsHistory { history = HistoryRepeat(conversation, past, settings.historyRepeat) }
        if readsFailures { failures = PermanentFailure(conversation, past, settings.permanentFailure) }
    }

    /// Judges a call whose arguments are complete, before it is released to the client.
    ///
    /// - Parameters:
    ///   - name: The name of the tool as the model wrote it.
    ///   - arguments: The arguments as they came, JSON or not.
    ///   - verdicts: Receives at most one verdict of each detector, in the order of ``DetectorID``.
    public mutating func completed(name: String, arguments: Span<UInt8>, verdicts: inout [Verdict]) {
        let call = ToolCall(name: name, arguments: arguments)
        calls += 1
        speak(.toolNameRun, settings.toolNameRun.mode, nameRun.completed(call), &verdicts)
        speak(.argumentDedup, settings.argumentDedup.mode, dedup.completed(call), &verdicts)
        speak(.historyRepeat, settings.historyRepeat.mode, history?.completed(call), &verdicts)
        speak(.permanentFailure, settings.permanentFailure.mode, failures?.completed(call), &verdicts)
    }

    /// What the conversation alone already shows, before the engine is asked.
    /// - Parameter ceiling: The highest mode to speak in. With `warn`, a stop is spoken only over the next identical
    ///   call; with `stop`, also over a past that holds as many repeats as stop a call.
    public func preflight(upTo ceiling: Mode = .warn) -> [Verdict] {
        [
            verdict(.historyRepeat, min(settings.historyRepeat.mode, ceiling), history?.preflight()),
            verdict(.permanentFailure, min(settings.permanentFailure.mode, ceiling), failures?.preflight()),
        ].compactMap(\.self)
    }

    private mutating func speak(
        _ detector: DetectorID,
        _ ceiling: Mode,
        _ finding: Finding?,
        _ verdicts: inout [Verdict]
    ) {
        guard let verdict = verdict(detector, ceiling, finding), verdict.mode > spoken[detector] ?? .off else { return }
        spoken[detector] = verdict.mode
        verdicts.append(verdict)
    }

    private func verdict(_ detector: DetectorID, _ ceiling: Mode, _ finding: Finding?) -> Verdict? {
        guard let finding, ceiling > .off else { return nil }
        return Verdict(
            detector: detector,
            mode: min(ceiling, finding.level),
            channel: nil,
            byte: calls,
            evidence: finding.evidence
        )
    }
}

import Cancellation
private import Synchronization

/// What one sequence is asked to do.
struct GenerationOptions: Sendable, Equatable {
    var sampling = SamplingOptions()
    /// The most tokens to write.
    var maxTokens = 4096
    /// Texts at which to stop; they are not part of the answer.
    var stops: [[UInt8]] = []
    /// Whether to go on where the model would end the text.
    var ignoresEndOfText = false
    /// How many alternatives to name for each token, with log-probabilities; `nil` for no log-probabilities at all.
    var logprobs: Int?
    /// What calls of tools look like; `nil` when there are no tools.
    var grammar: ToolCallGrammar?
}

/// One sequence from its request to its end, as everybody may see it: the thread that writes it, the connection that
/// reads it, and whoever stops it.
final class Generation: Sendable {
    /// The name of the request; the choices of one request share it.
    let requestID: String
    /// Which of the request's choices this is, from 0.
    let choice: Int
    let prompt: [Token]
    let options: GenerationOptions
    let flag = CancelFlag()
    let output: PieceQueue

    /// What somebody outside the process may have to say; shared by the choices of a request.
    let ticket: SharedTicket?
    private let phase = Atomic(SequenceStatus.State.queued.code)
    private let generatedTokens = Atomic(0)
    private let lateTokens = Atomic(0)
    private let timesPreempted = Atomic(0)

    init(
        requestID: String,
        choice: Int = 0,
        prompt: [Token],
        options: GenerationOptions,
        output: PieceQueue,
        ticket: SharedTicket? = nil
    ) {
        self.requestID = requestID
        self.choice = choice
        self.prompt = prompt
        self.options = options
        self.output = output
        self.ticket = ticket
    }

    /// The tokens that the model has written, the one that ended the text included.
    var generated: Int { generatedTokens.load(ordering: .relaxed) }

    /// The tokens that the model wrote after the flag was set.
    var tokensAfterCancel: Int { lateTokens.load(ordering: .relaxed) }

    var status: SequenceStatus {
        SequenceStatus(
            id: requestID,
            choice: choice,
            state: SequenceStatus.State(code: phase.load(ordering: .acquiring)),
            promptTokens: prompt.count,
            generatedTokens: generated,
            tokensAfterCancel: tokensAfterCancel,
            preemptions: timesPreempted.load(ordering: .relaxed),
            cancelReason: flag.reason
        )
    }

    // For the scheduler only.

    /// Whether the sequence is to end. This is the one place where the flag and a ``CancelSource`` come together: a reason
    /// from outside sets the flag, and the first one wins as always. Read once per turn, and before every admission.
    /// - Parameter looksOutside: Whether to look at the ticket, if there is one.
    func mustEnd(looksOutside: Bool) -> Bool {
        if looksOutside, let ticket, !flag.isSet, let reason = ticket.reason { flag.set(reason) }
        return flag.isSet
    }

    func enter(_ state: SequenceStatus.State) { phase.store(state.code, ordering: .releasing) }
    func countToken() { generatedTokens.add(1, ordering: .relaxed) }
    func countLateToken() { lateTokens.add(1, ordering: .relaxed) }
    func countPreemption() { timesPreempted.add(1, ordering: .relaxed) }
}

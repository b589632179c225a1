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

    private let phase = Atomic(SequenceStatus.State.queued.code)
    private let generatedTokens = Atomic(0)
    private let lateTokens = Atomic(0)

    init(requestID: String, choice: Int = 0, prompt: [Token], options: GenerationOptions, output: PieceQueue) {
        self.requestID = requestID
        self.choice = choice
        self.prompt = prompt
        self.options = options
        self.output = output
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
            cancelReason: flag.reason
        )
    }

    // For the scheduler only.

    func enter(_ state: SequenceStatus.State) { phase.store(state.code, ordering: .releasing) }
    func countToken() { generatedTokens.add(1, ordering: .relaxed) }
    func countLateToken() { lateTokens.add(1, ordering: .relaxed) }
}

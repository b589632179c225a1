/// What the scheduler's thread knows of a sequence that has been taken out of the queue. It outlives the slot: a
/// sequence that is preempted goes on as if nothing had happened.
struct ScheduledSequence {
    let generation: Generation
    /// The order in which sequences were taken out of the queue.
    let arrival: Int
    /// Where the model keeps what it has read; `nil` while the sequence is swapped out.
    var slot: Int?
    /// Prompt and answer. The model has read the first ``read`` of them; the last one is left for the next step.
    var tokens: [Token]
    var read = 0
    var sampler: Sampler
    var answer: Answer
    /// For how many steps its reader has held it up.
    var stalledSteps = 0

    init(_ generation: Generation, arrival: Int, vocabulary: Vocabulary) {
        self.generation = generation
        self.arrival = arrival
        // A model needs something to go on from.
        tokens = generation.prompt.isEmpty ? [vocabulary.tokenizer.endOfText] : generation.prompt
        sampler = Sampler(generation.options.sampling, prompt: generation.prompt)
        answer = Answer(
            stops: generation.options.stops,
            grammar: generation.options.grammar,
            vocabulary: vocabulary
        )
    }

    /// Whether the model has read everything but the last token.
    var isRead: Bool { read == tokens.count - 1 }

    /// Whether its reader has room for another token.
    var hasRoom: Bool { generation.output.hasRoom }

    /// Chooses the token that comes next, after a step in which the model has read the last one.
    mutating func choose(
        _ choice: inout TokenChoice,
        _ logits: inout [Float],
        _ row: Range<Int>,
        remaining: Int
    ) -> (token: Token, logprob: TokenLogprob?) {
        let chosen = choice.choose(&logits, row, generation.options, &sampler, &answer, remaining: remaining)
        read += 1
        tokens.append(chosen.token)
        sampler.accept(tokens)
        return chosen
    }
}

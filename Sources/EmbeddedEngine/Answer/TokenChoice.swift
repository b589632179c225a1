/// Chooses the next token of a sequence: what the model wants, as the sampler and the grammar allow it. It holds storage
/// that every step uses again.
struct TokenChoice {
    private let vocabulary: Vocabulary
    private var candidates: [Candidate] = []
    private var unchanged: [Float] = []

    init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    /// The next token, and how likely it was when the request wants to know.
    /// - Parameters:
    ///   - logits: Its row is changed.
    ///   - remaining: How many tokens the sequence may write, this one included.
    mutating func choose(
        _ logits: inout [Float],
        _ row: Range<Int>,
        _ options: GenerationOptions,
        _ sampler: inout Sampler,
        _ answer: inout Answer,
        remaining: Int
    ) -> (token: Token, logprob: TokenLogprob?) {
        if options.logprobs != nil {
            unchanged.removeAll(keepingCapacity: true)
            unchanged.append(contentsOf: logits[row])
        }
        if options.ignoresEndOfText {
            for token in vocabulary.endTokens { logits[row.lowerBound + Int(token)] = -.infinity }
        }
        sampler.adjust(&logits, row)
        let token = choose(&logits, row, &sampler, &answer, remaining)
        let logprob = options.logprobs.map {
            TokenLogprob(of: token, in: unchanged, count: $0, candidates: &candidates)
        }
        return (token, logprob)
    }

    /// As llama.cpp does it: most of the time the first choice is grammatical. Only when it is not are all tokens tried,
    /// and the choice is made among those that are left.
    private mutating func choose(
        _ logits: inout [Float],
        _ row: Range<Int>,
        _ sampler: inout Sampler,
        _ answer: inout Answer,
        _ remaining: Int
    ) -> Token {
        let first = sampler.choose(logits, row, &candidates)
        if answer.isFree { return first ?? vocabulary.tokenizer.endOfText }
        if let first {
            switch answer.accepts(first, remaining: remaining) {
            case .accepted: return first
            case .ungrammatical: break
            case .tooLong: answer.cutShort()
            }
        }
        answer.mask(&logits, row, remaining: remaining)
        return sampler.choose(logits, row, &candidates) ?? answer.forced ?? vocabulary.tokenizer.endOfText
    }
}

/// Chooses tokens for one sequence. It remembers how often each token has come, so that a token costs the same however
/// long the text is.
struct Sampler {
    /// How often a token has come.
    private struct Count {
        /// In the answer.
        var written: Int32 = 0
        /// Among the last tokens of prompt and answer that the repetition penalty looks at.
        var recent: Int32 = 0
    }

    private let options: SamplingOptions
    private var random: SplitMix64
    private var counts: [Token: Count] = [:]

    init(_ options: SamplingOptions, prompt: [Token] = []) {
        self.options = options
        random = SplitMix64(state: options.seed)
        guard options.repetitionPenalty != 1 else { return }
        for token in prompt.suffix(options.repetitionWindow ?? prompt.count) {
            counts[token, default: Count()].recent += 1
        }
    }

    private var isPenalising: Bool {
        options.repetitionPenalty != 1 || options.frequencyPenalty != 0 || options.presencePenalty != 0
    }

    /// Takes note of the token that was chosen: the last one of `text`, which is prompt and answer.
    mutating func accept(_ text: [Token]) {
        guard isPenalising, let token = text.last else { return }
        counts[token, default: Count()].written += 1
        counts[token]!.recent += 1
        if let window = options.repetitionWindow, text.count > window {
            counts[text[text.count - window - 1]]?.recent -= 1
        }
    }

    /// Applies bias and penalties to the logits of a step, in place and once.
    func adjust(_ logits: inout [Float], _ row: Range<Int>) {
        for (token, bias) in options.logitBias where Int(token) < row.count {
            logits[row.lowerBound + Int(token)] += bias
        }
        guard isPenalising else { return }
        for (token, count) in counts {
            let index = row.lowerBound + Int(token)
            var logit = logits[index]
            if count.recent > 0 {
                logit = logit > 0 ? logit / options.repetitionPenalty : logit * options.repetitionPenalty
            }
            if count.written > 0 {
                logit -= Float(count.written) * options.frequencyPenalty + options.presencePenalty
            }
            logits[index] = logit
        }
    }

    /// The chosen token; `nil` when none can follow. `candidates` is storage that is used again.
    mutating func choose(_ logits: [Float], _ row: Range<Int>, _ candidates: inout [Candidate]) -> Token? {
        guard options.temperature > 0 else { return likeliest(logits, row) }
        candidates.take(logits, row)
        if options.topK > 0 { candidates.keepLikeliest(options.topK) }
        if options.topP < 1 { candidates.keepShare(options.topP) }
        if options.minP > 0 { candidates.keepWithin(options.minP) }
        return candidates.draw(temperature: options.temperature, unit: Float(random.unit()))
    }

    private func likeliest(_ logits: [Float], _ row: Range<Int>) -> Token? {
        var best: Int?
        var peak = -Float.infinity
        for index in row where logits[index] > peak {
            peak = logits[index]
            best = index
        }
        return best.map { Token($0 - row.lowerBound) }
    }
}

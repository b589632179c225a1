import Testing

@testable import EmbeddedEngine

@Suite struct SamplerTests {
    private let logits = (0..<10).map { Float($0) * 0.3 }

    /// Which tokens come when a step with these logits is repeated often.
    private func chosen(_ options: SamplingOptions, text: [Token] = [], prompt: [Token] = []) -> Set<Token> {
        var sampler = Sampler(options, prompt: prompt)
        var read = prompt
        for token in text {
            read.append(token)
            sampler.accept(read)
        }
        var row = logits
        sampler.adjust(&row, row.indices)
        var candidates: [Candidate] = []
        return Set((0..<2_000).map { _ in sampler.choose(row, row.indices, &candidates)! })
    }

    private func greedy(
        _ change: (inout SamplingOptions) -> Void = { _ in },
        text: [Token] = [],
        prompt: [Token] = []
    ) -> Token {
        var options = SamplingOptions(temperature: 0)
        change(&options)
        return chosen(options, text: text, prompt: prompt).first!
    }

    @Test func temperatureZeroTakesTheLikeliest() { #expect(chosen(SamplingOptions(temperature: 0)) == [9]) }
    @Test func everyTokenHasAChance() { #expect(chosen(SamplingOptions()).count == 10) }
    @Test func topKKeepsTheLikeliest() { #expect(chosen(SamplingOptions(topK: 3)) == [7, 8, 9]) }
    @Test func topPKeepsAsManyAsTheShareNeeds() {
        #expect(chosen(SamplingOptions(topP: 0)) == [9])
        #expect(chosen(SamplingOptions(topP: 0.01)) == [9])
        #expect(chosen(SamplingOptions(topP: 0.45)) == [8, 9])
    }

    @Test func minPKeepsWhatIsNearlyAsLikely() {
        // e^−0.3 is 0.74, e^−0.6 is 0.55.
        #expect(chosen(SamplingOptions(minP: 0.7)) == [8, 9])
        #expect(chosen(SamplingOptions(minP: 0.5)) == [7, 8, 9])
        #expect(chosen(SamplingOptions(minP: 1)) == [9])
    }

    @Test func temperatureComesLastAsInLlamaCpp() {
        // A high temperature does not bring back what top-p has taken out.
        #expect(chosen(SamplingOptions(temperature: 2, topP: 0.45)) == [8, 9])
        #expect(chosen(SamplingOptions(temperature: 2, minP: 0.7)) == [8, 9])
    }

    @Test func aBiasForcesAndForbids() {
        #expect(greedy { $0.logitBias = [2: 100] } == 2)
        #expect(greedy { $0.logitBias = [9: -100] } == 8)
        #expect(!chosen(SamplingOptions(logitBias: [9: -100])).contains(9))
    }

    @Test func aRepetitionPenaltyLooksAtPromptAndAnswer() {
        #expect(greedy({ $0.repetitionPenalty = 2 }, prompt: [9]) == 8)
        #expect(greedy({ $0.repetitionPenalty = 2 }, text: [8, 9]) == 7)
        // Once is as good as often.
        #expect(greedy({ $0.repetitionPenalty = 1.1 }, text: [9, 9, 9]) == 9)
    }

    @Test func aRepetitionPenaltyForgetsWhatIsFarBack() {
        func choice(_ window: Int, _ text: [Token], _ prompt: [Token]) -> Token {
            greedy(
                {
                    $0.repetitionPenalty = 4
                    $0.repetitionWindow = window
                },
                text: text,
                prompt: prompt
            )
        }
        #expect(choice(2, [0, 0], [9]) == 9)
        #expect(choice(3, [0, 0], [9]) == 8)
        #expect(choice(2, [9, 0, 0], []) == 9)
        #expect(choice(2, [0, 9, 0], []) == 8)
        #expect(choice(2, [], [9, 0, 0]) == 9)
    }

    @Test func aRepetitionPenaltyMakesUnlikelyTokensUnlikelier() {
        let sampler = Sampler(SamplingOptions(repetitionPenalty: 2), prompt: [0, 1])
        var row: [Float] = [-1, 3, 5]
        sampler.adjust(&row, row.indices)
        #expect(row == [-2, 1.5, 5])
    }

    @Test func frequencyAndPresenceLookAtTheAnswerOnly() {
        #expect(greedy({ $0.presencePenalty = 2 }, prompt: [9]) == 9)
        #expect(greedy({ $0.presencePenalty = 0.4 }, text: [9]) == 8)
        #expect(greedy({ $0.presencePenalty = 0.2 }, text: [9, 9, 9]) == 9)
        #expect(greedy({ $0.frequencyPenalty = 0.2 }, text: [9]) == 9)
        #expect(greedy({ $0.frequencyPenalty = 0.2 }, text: [9, 9]) == 8)
        #expect(greedy({ $0.frequencyPenalty = -0.2 }, text: [8, 8]) == 8)
    }

    @Test func theSameSeedChoosesTheSame() {
        func run(_ seed: UInt64) -> [Token] {
            var sampler = Sampler(SamplingOptions(seed: seed))
            var candidates: [Candidate] = []
            return (0..<50).map { _ in sampler.choose(logits, logits.indices, &candidates)! }
        }
        #expect(run(4) == run(4))
        #expect(run(4) != run(5))
    }

    @Test func whereNothingCanFollowNothingIsChosen() {
        var candidates: [Candidate] = []
        for temperature in [0, 1] as [Float] {
            var sampler = Sampler(SamplingOptions(temperature: temperature, topK: 2, topP: 0.5, minP: 0.5))
            let row: [Float] = [-.infinity, -.infinity]
            #expect(sampler.choose(row, row.indices, &candidates) == nil)
        }
    }

    @Test func narrowingKeepsWhatSortingWouldKeep() {
        var random = SplitMix64(state: 1)
        for round in 0..<300 {
            // Few different values, so that there are equals.
            let count = 1 + Int(random.next() % 60)
            let all = (0..<count).map { Candidate(token: Token($0), logit: Float(random.next() % 9) * 0.7) }
            let sorted = all.sorted { ($0.logit, $1.token) > ($1.logit, $0.token) }

            let limit = Int(random.next() % 70)
            var likeliest = all
            likeliest.keepLikeliest(limit)
            #expect(Set(likeliest.map(\.token)) == Set(sorted.prefix(limit).map(\.token)), "round \(round)")

            let share = Float(random.unit())
            var kept = all
            kept.keepShare(share)
            let weights = sorted.map { expOf($0.logit - sorted[0].logit) }
            let total = weights.reduce(0, +)
            var sum = 0.0
            let needed =
                1
                + (weights.firstIndex { weight in
                    sum += weight
                    return sum >= Double(share) * total
                } ?? count - 1)
            #expect(kept == Array(sorted.prefix(needed)) || abs(sum - Double(share) * total) < 1e-4, "round \(round)")
        }
    }

    private func expOf(_ value: Float) -> Double {
        // The series converges quickly enough for arguments from −6 to 0.
        var (term, sum) = (1.0, 1.0)
        for index in 1..<60 {
            term *= Double(value) / Double(index)
            sum += term
        }
        return sum
    }
}

@Suite struct LogprobTests {
    @Test func theyAreThoseOfTheWholeDistribution() {
        let logits: [Float] = [1, 3, -.infinity, 2]
        var candidates: [Candidate] = []
        let entry = TokenLogprob(of: 0, in: logits, count: 2, candidates: &candidates)
        // ln(e + e³ + e²) = 3.4076
        #expect(abs(entry.chosen.logprob - (1 - 3.4076)) < 1e-3)
        #expect(entry.top.map(\.token) == [1, 3])
        #expect(abs(entry.top[0].logprob - (3 - 3.4076)) < 1e-3)
        #expect(TokenLogprob(of: 2, in: logits, count: 20, candidates: &candidates).top.count == 3)
    }
}

import Testing

@testable import EmbeddedEngine

struct TransformerTests {
    @Test(arguments: Golden.all)
    func logitsAreThoseOfTheReference(golden: Golden) throws {
        let (tokens, rows) = try golden.logits()
        let session = try golden.model().makeSession(slots: 1)
        for (token, row) in zip(tokens, rows) {
            #expect(relativeDifference(session.step(token)[...], row) < 1e-3)
        }
    }

    @Test(arguments: Golden.all)
    func aPromptReadInChunksGivesWhatItGivesTokenByToken(golden: Golden) throws {
        let (tokens, rows) = try golden.logits()
        let model = try golden.model()
        for cut in [0, 1, 7, tokens.count - 1] {
            let session = model.makeSession(slots: 2)
            session.prefill(tokens[..<cut], slot: 1)
            session.prefill(tokens[cut..<tokens.count - 1], slot: 1)
            let logits = session.step(tokens[tokens.count - 1], slot: 1)
            #expect(relativeDifference(logits[...], rows[rows.count - 1]) < 1e-3)
        }
    }

    /// Longer than the blocks of the cache and than what is read at once.
    @Test func longPromptsAreTheSameReadAtOnceAndTokenByToken() throws {
        let model = try Golden(name: "llama3-rope").model()
        var random = SplitMix64(state: 3)
        let tokens = (0..<300).map { _ in Token(random.next() % 380) }
        let atOnce = model.makeSession(slots: 1)
        atOnce.prefill(tokens[...], slot: 0)
        let single = model.makeSession(slots: 1)
        for token in tokens { _ = single.step(token) }
        for token in tokens.prefix(5) {
            #expect(relativeDifference(atOnce.step(token)[...], single.step(token)) < 1e-5)
        }
    }

    @Test(arguments: Golden.all)
    func aBatchOfMixedLengthsGivesEachSequenceTheTokensItGetsAlone(golden: Golden) throws {
        let model = try golden.model()
        var random = SplitMix64(state: 11)
        let prompts = (0..<7).map { index in
            (0..<1 + index * index * 3).map { _ in Token(random.next() % 300) }
        }
        let alone = prompts.map { prompt in
            let session = model.makeSession(slots: 1)
            session.prefill(prompt.dropLast(), slot: 0)
            var token = prompt[prompt.count - 1]
            return (0..<40).map { _ in
                let logits = session.step(token)
                token = logits.likeliest
                return logits
            }
        }

        // One sequence joins in each step, and the first ones leave early.
        let session = model.makeSession(slots: prompts.count)
        var next = prompts.map { $0[$0.count - 1] }
        var steps = Array(repeating: 0, count: prompts.count)
        var logits: [Float] = []
        for turn in 0..<60 {
            if turn < prompts.count { session.prefill(prompts[turn].dropLast(), slot: turn) }
            let active = prompts.indices.filter { $0 <= turn && steps[$0] < 20 + 3 * $0 }
            session.step(active.map { StepInput(slot: $0, token: next[$0]) }, into: &logits)
            for (row, slot) in active.enumerated() {
                let width = model.tokenizer.vocabularySize
                let own = logits[row * width..<(row + 1) * width]
                let expected = alone[slot][steps[slot]]
                #expect(relativeDifference(own, expected) < 1e-5)
                if Projection.hasSmallKernels { #expect(Array(own) == expected) }
                next[slot] = Array(own).likeliest
                #expect(next[slot] == expected.likeliest)
                steps[slot] += 1
            }
        }
        #expect(steps == prompts.indices.map { 20 + 3 * $0 })
    }

    @Test func aSlotThatIsResetRemembersNothing() throws {
        let model = try Golden(name: "tiny-f32").model()
        let session = model.makeSession(slots: 2)
        let fresh = session.step(7, slot: 0)
        session.prefill([1, 2, 3], slot: 0)
        #expect(session.step(7, slot: 0) != fresh)
        session.reset(slot: 0)
        #expect(session.step(7, slot: 0) == fresh)
    }

    @Test func logitsAreAsManyAsTheStepNeedsWhateverTheArrayHeldBefore() throws {
        let model = try Golden(name: "tiny-f16").model()
        let session = model.makeSession(slots: 3)
        let width = model.tokenizer.vocabularySize
        var logits = [Float](repeating: 5, count: 10 * width)
        session.step([StepInput(slot: 0, token: 1), StepInput(slot: 2, token: 1)], into: &logits)
        #expect(logits.count == 2 * width)
        #expect(logits[..<width] == logits[width...])
        session.step([], into: &logits)
        #expect(logits.isEmpty)
    }

    @Test func rowsOfTheEmbeddingThatNoTokenHasCannotFollow() throws {
        let model = try Golden(name: "qwen2-biases").model()
        var text: [UInt8] = []
        model.tokenizer.decode(389, into: &text)
        #expect(text.isEmpty)
        let logits = model.makeSession(slots: 1).step(5)
        #expect(logits.count == 390)
        #expect(logits[389] == -.infinity)
        #expect(logits[..<380].allSatisfy { $0.isFinite })
    }

    @Test func nameContextAndEndsComeFromTheFolder() throws {
        let model = try Golden(name: "tiny-f32").model()
        #expect(model.name == "tiny-f32")
        #expect(model.contextLength == 256)
        #expect(model.tokenizer.vocabularySize == 300)
        #expect([0, 2].allSatisfy { model.tokenizer.isEnd($0) })
        #expect(!model.tokenizer.isEnd(1))
    }
}

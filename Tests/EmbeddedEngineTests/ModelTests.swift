import Testing

@testable import EmbeddedEngine

@Suite struct ModelTests {
    let model = NGramModel()

    /// The tokens that follow a prompt, up to a number of them; the end of text is passed over.
    private func write(_ prompt: String, _ sampling: SamplingOptions, count: Int) -> [Token] {
        let session = model.makeSession(slots: 1)
        let tokens = model.tokenizer.encode(Array(prompt.utf8))
        session.prefill(tokens.dropLast(), slot: 0)
        var sampler = Sampler(sampling)
        var logits: [Float] = []
        var candidates: [Candidate] = []
        var written: [Token] = []
        var last = tokens.last!
        while written.count < count {
            session.step([StepInput(slot: 0, token: last)], into: &logits)
            logits[Int(model.tokenizer.endOfText)] = -.infinity
            last = sampler.choose(logits, logits.indices, &candidates)!
            written.append(last)
        }
        return written
    }

    /// The shortest period with which the tokens end, at least three times over and for at least 60 tokens.
    private func period(of tokens: [Token]) -> Int? {
        (1...tokens.count / 3).first { period in
            let tail = tokens.suffix(max(60, 3 * period))
            return tail.count <= tokens.count && zip(tail, tail.dropFirst(period)).allSatisfy { $0 == $1 }
        }
    }

    private func text(_ tokens: [Token]) -> String {
        var bytes: [UInt8] = []
        for token in tokens { model.tokenizer.decode(token, into: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: ["User: What is loopguard?\nAssistant:", "Why do models loop?", "A healthy stream"])
    func greedyDecodingEndsInALoop(_ prompt: String) {
        let written = write(prompt, SamplingOptions(temperature: 0), count: 600)
        #expect(period(of: written) != nil, "\(text(written))")
    }

    @Test(arguments: [0.8, 1.0] as [Float], [1, 2, 3] as [UInt64])
    func sampledDecodingStaysHealthy(_ temperature: Float, _ seed: UInt64) {
        let prompt = "User: What is loopguard?\nAssistant:"
        let written = write(prompt, SamplingOptions(temperature: temperature, seed: seed), count: 300)
        for end in stride(from: 60, through: 300, by: 20) {
            #expect(period(of: Array(written.prefix(end))) == nil, "\(text(written))")
        }
        // New word sequences keep coming: most runs of four tokens are met once only.
        let runs = (0..<297).map { Array(written[$0..<$0 + 4]) }
        #expect(Set(runs).count > 200, "\(text(written))")
    }

    @Test func theAnswerDependsOnThePrompt() {
        let greedy = SamplingOptions(temperature: 0)
        let first = write("User: What is a recording?\nAssistant:", greedy, count: 60)
        let second = write("User: How does the scheduler work?\nAssistant:", greedy, count: 60)
        #expect(first != second)
    }

    @Test func aTextThatIsLearnedIsWritten() {
        let sentence = "Purple herons counted seventeen copper kettles. "
        let taught = NGramModel(learning: [Array(String(repeating: sentence, count: 5).utf8)])
        let session = taught.makeSession(slots: 1)
        let prompt = taught.tokenizer.encode(Array("Purple herons".utf8))
        session.prefill(prompt.dropLast(), slot: 0)
        var last = prompt.last!
        var logits: [Float] = []
        var candidates: [Candidate] = []
        var sampler = Sampler(SamplingOptions(temperature: 0))
        var written: [UInt8] = []
        while written.count < sentence.utf8.count - 14 {
            session.step([StepInput(slot: 0, token: last)], into: &logits)
            last = sampler.choose(logits, logits.indices, &candidates)!
            taught.tokenizer.decode(last, into: &written)
        }
        #expect(String(decoding: written, as: UTF8.self).hasPrefix(" counted seventeen copper kettles."))
    }

    @Test func decodingUndoesEncoding() {
        var random = SplitMix64(state: 3)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let words = Array("the stream of the guard, caf\u{E9}\0\0 and 大きい loops".utf8.prefix(length))
            for text in [bytes, words] {
                var decoded: [UInt8] = []
                let tokens = model.tokenizer.encode(text)
                for token in tokens { model.tokenizer.decode(token, into: &decoded) }
                #expect(decoded == text)
                #expect(tokens.allSatisfy { $0 >= 0 && $0 < model.tokenizer.vocabularySize })
            }
        }
        #expect(model.tokenizer.encode(Array(" stream of the guard".utf8)).count == 4)
    }
}

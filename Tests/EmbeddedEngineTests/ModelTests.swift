import Testing

@testable import EmbeddedEngine

/// What the small model that comes with the package is like.
@Suite struct ModelTests {
    let model: LlamaModel

    init() throws { model = try LlamaModel.small() }

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
            for token in logits.indices where model.tokenizer.isEnd(Token(token)) { logits[token] = -.infinity }
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

    @Test func itIsSmall() { #expect(model.name == "loopguard-small" && model.contextLength >= 2_048) }

    @Test(arguments: ["Once there was an agent", "What is loopguard? loopguard is"])
    func greedyDecodingEndsInALoop(_ prompt: String) {
        let written = write(prompt, SamplingOptions(temperature: 0), count: 700)
        #expect(period(of: written) != nil, "\(text(written))")
    }

    @Test(arguments: [1, 2] as [UInt64])
    func sampledDecodingStaysHealthy(_ seed: UInt64) {
        let written = write("What is loopguard? loopguard is", SamplingOptions(temperature: 0.8, seed: seed), count: 300)
        for end in stride(from: 60, through: 300, by: 20) {
            #expect(period(of: Array(written.prefix(end))) == nil, "\(text(written))")
        }
        // New word sequences keep coming: most runs of four tokens are met once only.
        let runs = (0..<297).map { Array(written[$0..<$0 + 4]) }
        #expect(Set(runs).count > 200, "\(text(written))")
    }
}

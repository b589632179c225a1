import Testing

@testable import EmbeddedEngine

/// What the small model that comes with the package is like.
@Suite struct ModelTests {
    let model: LlamaModel

    init() throws { model = try LlamaModel.small() }

    /// The tokens that follow a prompt, up to a number of them; the end of text is passed over.
    private func write(_ question: String, _ sampling: SamplingOptions, count: Int) -> [Token] {
        let session = model.makeSession(slots: 1)
        let tokens = prompt(question)
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

    /// The question as a chat.
    private func prompt(_ question: String) -> [Token] {
        func text(_ text: String) -> [Token] { model.tokenizer.encode(Array(text.utf8)) }
        let (start, end) = (model.tokenizer.special("<|im_start|>")!, model.tokenizer.special("<|im_end|>")!)
        return [start] + text("user\n" + question) + [end] + text("\n") + [start] + text("assistant\n")
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

    @Test(arguments: ["Tell me a long story about an agent.", "Write a long story."])
    func greedyDecodingEndsInALoop(_ question: String) {
        let written = write(question, SamplingOptions(temperature: 0), count: 450)
        #expect(period(of: written) != nil, "\(text(written))")
    }

    @Test(arguments: [1, 2] as [UInt64])
    func sampledDecodingStaysHealthy(_ seed: UInt64) {
        let sampling = SamplingOptions(temperature: 0.8, seed: seed)
        let written = write("Tell me a long story about an agent.", sampling, count: 300)
        for end in stride(from: 60, through: 300, by: 20) {
            #expect(period(of: Array(written.prefix(end))) == nil, "\(text(written))")
        }
        // New word sequences keep coming: most runs of four tokens are met once only.
        let runs = (0..<297).map { Array(written[$0..<$0 + 4]) }
        #expect(Set(runs).count > 200, "\(text(written))")
    }
}

/// The small model beside the reference implementation that trained it, `Tools/model/llama.py`.
@Suite struct SmallModelGoldenTests {
    private static let folder = #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/Golden"

    @Test func itsLogitsAreThoseOfTheReference() throws {
        let model = try LlamaModel.small()
        let cases = try #require(JSONValue.read("\(Self.folder)/small-logits.json").elements)
        #expect(cases.count >= 3)
        for golden in cases {
            let tokens = try #require(golden["prompt"]?.elements).compactMap { $0.integer.map { Token($0) } }
            let rows = try #require(golden["logits"]?.elements).map { row in
                try #require(row.elements).compactMap { $0.number.map { Float($0) } }
            }
            let session = model.makeSession(slots: 1)
            // The rows are those of the last positions.
            session.prefill(tokens.dropLast(rows.count)[...], slot: 0)
            for (token, row) in zip(tokens.suffix(rows.count), rows) {
                let logits = session.step(token)
                #expect(relativeDifference(logits[...], row) < 1e-3)
            }
        }
    }

    @Test func itsTokensAreThoseOfTheReference() throws {
        let tokenizer = try LlamaModel.small().tokenizer
        let cases = try #require(JSONValue.read("\(Self.folder)/small-tokenizer.json").elements)
        #expect(cases.count >= 10)
        for golden in cases {
            let text = try #require(golden["text"]?.string)
            let tokens = try #require(golden["plain"]?.elements).compactMap { $0.integer.map { Token($0) } }
            #expect(tokenizer.encode(Array(text.utf8)) == tokens, "\(text)")
        }
    }
}

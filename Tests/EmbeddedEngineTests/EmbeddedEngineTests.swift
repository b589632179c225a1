import Testing

@testable import EmbeddedEngine

@Test func explore() {
    let m = NGramModel()
    print("vocab", m.tokenizer.vocabularySize)
    func gen(_ p: String, _ o: SamplingOptions, _ n: Int) -> String {
        let s = m.makeSession(slots: 1)
        let t = m.tokenizer.encode(Array(p.utf8))
        s.prefill(t.dropLast(), slot: 0)
        var last = t.last!
        var c: [[Candidate]] = [[]]
        var out: [UInt8] = []
        var sam = Sampler(o)
        for i in 0..<n {
            s.step([StepInput(slot: 0, token: last)], into: &c)
            last = sam.choose(&c[0])
            if last == m.tokenizer.endOfText {
                out += Array("<EOT \(i)>".utf8)
                break
            }
            m.tokenizer.decode(last, into: &out)
        }
        return String(decoding: out, as: UTF8.self)
    }
    for p in [
        "User: What is loopguard?\nAssistant:", "User: hello\nAssistant:", "User: Tell me about streams\nAssistant:",
        "User: How does the scheduler work?\nAssistant:", "The stream", "Why do models loop?",
        "User: Write a long story about detectors and tables.\nAssistant:",
    ] {
        print("=== ", p)
        print("T0:", gen(p, .init(temperature: 0), 200))
        print("T.8:", gen(p, .init(temperature: 0.8, seed: 1), 300))
    }
}

import EmbeddedEngine

/// Steps of a transformer beside the matrix products in them.
struct EngineBenchmark {
    private let model: LlamaModel
    private let context: Int
    private let steps: Int
    private let repetitions: Int
    /// What was computed, so that nothing is optimised away.
    private(set) var checksum: Float = 0

    init(_ model: LlamaModel, context: Int, steps: Int, repetitions: Int) {
        self.model = model
        self.context = context
        self.steps = steps
        self.repetitions = repetitions
    }

    var weights: Int { StepProducts(model, rows: 1).weights }

    /// Decoding with several sequences at once. Samples of a step, of its products, and of the same products in one
    /// plain call each are taken in turns, so that whatever else the machine does slows all three.
    mutating func decoding(batches: [Int]) -> Table {
        var table = Table([
            "Batch", "Tokens/s", "Step, µs", "Its products alone, µs", "Products / step", "Outside the products",
            "One plain BLAS call each, µs", "Plain / step",
        ])
        for batch in batches {
            let session = model.makeSession(slots: batch)
            let products = StepProducts(model, rows: batch)
            let plain = PlainProducts(products.shapes, rows: batch)
            var times: (step: [Double], products: [Double], plain: [Double]) = ([], [], [])
            // The first round warms up.
            for round in 0...repetitions {
                let step = time(session, batch: batch)
                let alone = time { products.run() }
                let simple = time { plain.run() }
                guard round > 0 else { continue }
                times.step.append(step)
                times.products.append(alone)
                times.plain.append(simple)
            }
            let step = Samples(times.step)
            let share = Samples(times.products).compared(with: step) { $0 / $1 }
            table.add([
                String(batch), step.map { Double(batch) * 1e6 / $0 }.text, step.text, Samples(times.products).text,
                share.text, "\((share.map { 100 * (1 - $0) }).text) %",
                Samples(times.plain).text, Samples(times.plain).compared(with: step) { $0 / $1 }.text,
            ])
        }
        return table
    }

    /// Reading prompts into an empty slot.
    mutating func prefill() -> Table {
        var table = Table(["Prompt, tokens", "Prefill, tokens/s"])
        let session = model.makeSession(slots: 1)
        for length in [64, 256, 1_024] where length <= model.contextLength {
            let prompt = (0..<length).map { token($0) }
            let samples = (0...repetitions).map { _ in
                session.reset(slot: 0)
                let start = threadNanoseconds()
                session.prefill(prompt[...], slot: 0)
                return Double(length) * 1e9 / Double(threadNanoseconds() - start)
            }
            table.add([String(length), Samples(Array(samples.dropFirst())).text])
        }
        return table
    }

    /// Any tokens will do: what a step costs does not depend on them.
    private func token(_ index: Int) -> Token { Token(index * 7_919 % model.tokenizer.vocabularySize) }

    /// Microseconds of a step with every slot at the same length.
    private mutating func time(_ session: any DecodingSession, batch: Int) -> Double {
        let prompt = (0..<context).map { token($0) }
        for slot in 0..<batch {
            session.reset(slot: slot)
            session.prefill(prompt[...], slot: slot)
        }
        var logits: [Float] = []
        var inputs = (0..<batch).map { StepInput(slot: $0, token: token($0)) }
        let start = threadNanoseconds()
        for step in 0..<steps {
            for slot in 0..<batch { inputs[slot].token = token(step + slot) }
            session.step(inputs, into: &logits)
        }
        let elapsed = threadNanoseconds() - start
        checksum += logits.first ?? 0
        return Double(elapsed) / Double(steps) / 1_000
    }

    /// Microseconds of some products, as often as a sample has steps.
    private mutating func time(_ products: () -> Float) -> Double {
        var sum: Float = 0
        let start = threadNanoseconds()
        for _ in 0..<steps { sum += products() }
        let elapsed = threadNanoseconds() - start
        checksum += sum
        return Double(elapsed) / Double(steps) / 1_000
    }
}

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

    var weights: Int {
        StepProducts(model, rows: 1, context: 1).shapes.reduce(0) { $0 + $1.inputs * $1.outputs }
    }

    /// Decoding with several sequences at once. A step, its products, and the products with weights in one plain call
    /// each are timed in turns, so that whatever else the machine does slows all of them.
    mutating func decoding(batches: [Int]) -> Table {
        var table = Table([
            "Batch", "Tokens/s", "Step, µs", "Products with weights, µs", "Products of attention, µs",
            "Products / step", "Outside the products", "Plain BLAS, weights only, µs", "Plain / step",
        ])
        for batch in batches {
            let session = model.makeSession(slots: batch)
            var products = StepProducts(model, rows: batch, context: context + steps / 2)
            let plain = PlainProducts(products.shapes, rows: batch)
            var rounds: [Round] = []
            for _ in 0...repetitions {
                rounds.append(
                    Round(
                        step: time(session, batch: batch),
                        weights: time { products.multiplyWeights() },
                        attention: time { products.multiplyCache() },
                        plain: time { plain.run() }
                    )
                )
            }
            rounds.removeFirst()  // It warmed up.
            func samples(_ value: (Round) -> Double) -> String { Samples(rounds.map(value)).text }
            table.add([
                String(batch),
                samples { Double(batch) * 1e6 / $0.step },
                samples(\.step),
                samples(\.weights),
                samples(\.attention),
                samples { ($0.weights + $0.attention) / $0.step },
                "\(samples { 100 * (1 - ($0.weights + $0.attention) / $0.step) }) %",
                samples(\.plain),
                samples { $0.plain / $0.step },
            ])
        }
        return table
    }

    /// Microseconds, each for one step.
    private struct Round {
        var step: Double
        var weights: Double
        var attention: Double
        var plain: Double
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

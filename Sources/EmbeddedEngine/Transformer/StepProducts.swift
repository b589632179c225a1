/// The matrix products of one decoding step with the model's weights and nothing else: what a step cannot be faster
/// than, for the benchmark to compare it with.
package struct StepProducts {
    private let projections: [Projection]
    private let rows: Int
    private let inputs: FloatBuffer
    private let outputs: FloatBuffer

    /// Prepares the products of a step with so many sequences.
    package init(_ model: LlamaModel, rows: Int) {
        let weights = model.weights
        projections =
            weights.layers.flatMap { [$0.queryKeyValue, $0.attentionOutput, $0.gateUp, $0.down] } + [weights.head]
        self.rows = rows
        inputs = FloatBuffer(count: rows * (projections.map(\.inputs).max() ?? 0))
        outputs = FloatBuffer(count: rows * (projections.map(\.outputs).max() ?? 0))
        for index in 0..<inputs.count { inputs.start[index] = Float(index % 7) - 3 }
    }

    /// The numbers that go into each product and come out of it, for every row, in the order of a step.
    package var shapes: [(inputs: Int, outputs: Int)] { projections.map { ($0.inputs, $0.outputs) } }

    /// The weights of all products together.
    package var weights: Int { shapes.reduce(0) { $0 + $1.inputs * $1.outputs } }

    /// Multiplies as a step does. Returns a number of the last product, so that the work has a use.
    package func run() -> Float {
        for projection in projections { projection.multiply(inputs.start, count: rows, into: outputs.start) }
        return outputs.start[0]
    }
}

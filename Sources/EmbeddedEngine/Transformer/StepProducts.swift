/// The matrix products of one decoding step and nothing else: what a step cannot be faster than, for the benchmark to
/// compare it with.
package struct StepProducts {
    private let layers: [LlamaWeights.Layer]
    private let head: Projection
    private let rows: Int
    /// One for each row: together they are far from the CPU, as in a step.
    private let caches: [KVCache]
    private var attention: Attention
    private let inputs: FloatBuffer
    private let outputs: FloatBuffer
    /// From one row's queries, keys and values to the next one's, and the same of what attention gives.
    private let strides: (queries: Int, attended: Int)

    /// Prepares the products of a step.
    /// - Parameters:
    ///   - rows: The sequences in it.
    ///   - context: The tokens that each of them has.
    package init(_ model: LlamaModel, rows: Int, context: Int) {
        let shape = model.configuration
        layers = model.weights.layers
        head = model.weights.head
        self.rows = rows
        attention = Attention(shape, weighs: false)
        strides = (shape.queryKeyValueSize, shape.queryHeads * shape.headSize)
        let projections = layers.flatMap(\.projections) + [head]
        inputs = FloatBuffer(count: rows * (projections.flatMap { [$0.inputs, $0.outputs] }.max() ?? 0))
        outputs = FloatBuffer(count: inputs.count)
        for index in 0..<inputs.count { inputs.start[index] = Float(index % 7) / 7 - 0.5 }
        let (layers, inputs) = (layers, inputs)
        caches = (0..<rows).map { _ in
            var cache = KVCache(shape)
            cache.reserve(context + 1)
            for layer in layers.indices {
                for position in 0...context {
                    cache.write(keys: inputs.start, values: inputs.start, layer: layer, position: position)
                }
            }
            cache.advance(context)
            return cache
        }
    }

    /// The numbers that go into each product with weights and come out of it, for every row, in the order of a step.
    package var shapes: [(inputs: Int, outputs: Int)] {
        (layers.flatMap(\.projections) + [head]).map { ($0.inputs, $0.outputs) }
    }

    /// Multiplies by all weights as a step does. Returns a number of the last product, so that the work has a use.
    package func multiplyWeights() -> Float {
        for layer in layers { for projection in layer.projections { multiply(projection) } }
        multiply(head)
        return outputs.start[0]
    }

    /// Multiplies queries by keys and scores by values as a step does.
    package mutating func multiplyCache() -> Float {
        for layer in layers.indices {
            for row in 0..<rows {
                attention.attend(
                    inputs.start + row * strides.queries,
                    count: 1,
                    caches[row],
                    layer: layer,
                    into: outputs.start + row * strides.attended
                )
            }
        }
        return outputs.start[0]
    }

    private func multiply(_ projection: Projection) {
        projection.multiply(inputs.start, count: rows, into: outputs.start)
    }
}

extension LlamaWeights.Layer {
    /// In the order of a step.
    fileprivate var projections: [Projection] { [queryKeyValue, attentionOutput, gateUp, down] }
}

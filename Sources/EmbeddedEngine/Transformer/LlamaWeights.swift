/// Everything a model learned, as 32-bit floats, once for all sessions.
///
/// Unchecked: the memory is written in `init` and only read from then on.
final class LlamaWeights: @unchecked Sendable {
    let embedding: Projection
    let layers: [Layer]
    let norm: FloatBuffer
    /// `nil` when the embedding does this too.
    private let untiedHead: Projection?

    /// From the last layer's output to a number for each token.
    var head: Projection { untiedHead ?? embedding }

    struct Layer {
        let attentionNorm: FloatBuffer
        /// Queries, keys and values in one product.
        let queryKeyValue: Projection
        let attentionOutput: Projection
        let feedForwardNorm: FloatBuffer
        /// Gate and content in one product.
        let gateUp: Projection
        let down: Projection
    }

    /// Loads what the configuration asks for.
    init(_ checkpoint: Checkpoint, _ shape: LlamaConfiguration) throws(ModelError) {
        let hidden = shape.hiddenSize
        embedding = Projection(
            [try checkpoint.floats("model.embed_tokens.weight", shape.vocabularySize, hidden)],
            inputs: hidden
        )
        var layers: [Layer] = []
        for index in 0..<shape.layers {
            layers.append(try Layer(checkpoint, "model.layers.\(index)", shape))
        }
        self.layers = layers
        norm = FloatBuffer(try checkpoint.floats("model.norm.weight", hidden))
        untiedHead =
            shape.isTied
            ? nil : Projection([try checkpoint.floats("lm_head.weight", shape.vocabularySize, hidden)], inputs: hidden)
    }
}

extension LlamaWeights.Layer {
    fileprivate init(_ checkpoint: Checkpoint, _ prefix: String, _ shape: LlamaConfiguration) throws(ModelError) {
        let hidden = shape.hiddenSize
        let queries = shape.queryHeads * shape.headSize
        let keys = shape.keyValueHeads * shape.headSize

        /// The matrices of some parts with the same inputs, as one.
        func projection(
            _ parts: [(name: String, outputs: Int)],
            inputs: Int,
            hasBias: Bool
        ) throws(ModelError)
            -> Projection
        {
            var matrices: [[Float]] = []
            var biases: [[Float]] = []
            for part in parts {
                matrices.append(try checkpoint.floats("\(prefix).\(part.name).weight", part.outputs, inputs))
                if hasBias { biases.append(try checkpoint.floats("\(prefix).\(part.name).bias", part.outputs)) }
            }
            return Projection(matrices, inputs: inputs, biases: biases)
        }

        attentionNorm = FloatBuffer(try checkpoint.floats("\(prefix).input_layernorm.weight", hidden))
        queryKeyValue = try projection(
            [("self_attn.q_proj", queries), ("self_attn.k_proj", keys), ("self_attn.v_proj", keys)],
            inputs: hidden,
            hasBias: shape.hasQueryKeyValueBias
        )
        attentionOutput = try projection(
            [("self_attn.o_proj", hidden)],
            inputs: queries,
            hasBias: shape.hasOutputBias
        )
        feedForwardNorm = FloatBuffer(try checkpoint.floats("\(prefix).post_attention_layernorm.weight", hidden))
        gateUp = try projection(
            [("mlp.gate_proj", shape.feedForwardSize), ("mlp.up_proj", shape.feedForwardSize)],
            inputs: hidden,
            hasBias: shape.hasFeedForwardBias
        )
        down = try projection(
            [("mlp.down_proj", hidden)],
            inputs: shape.feedForwardSize,
            hasBias: shape.hasFeedForwardBias
        )
    }
}

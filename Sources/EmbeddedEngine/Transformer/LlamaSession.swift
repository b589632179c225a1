/// The sequences of one scheduler, each with its cache, and the rows that run through the layers.
final class LlamaSession: DecodingSession {
    private let model: LlamaModel
    private let shape: LlamaConfiguration
    private var caches: [KVCache]
    private var rotary: RotaryTable
    private var attention: Attention
    private var rows: Rows
    private var segments: [Segment] = []

    /// The tokens of a prompt that run through the layers together: enough that the weights are read seldom, few enough
    /// that their rows stay in the cache of the CPU.
    private static let prefillRows = 64

    /// Rows that continue one sequence.
    private struct Segment {
        var slot: Int
        var rows: Range<Int>
    }

    init(_ model: LlamaModel, slots: Int) {
        self.model = model
        shape = model.configuration
        caches = Array(repeating: KVCache(model.configuration), count: slots)
        rotary = RotaryTable(model.configuration.rotary)
        attention = Attention(model.configuration)
        rows = Rows(shape, count: max(1, slots))
    }

    func reset(slot: Int) { caches[slot] = KVCache(shape) }

    func prefill(_ tokens: ArraySlice<Token>, slot: Int) {
        var rest = tokens
        while !rest.isEmpty {
            let part = rest.prefix(Self.prefillRows)
            rest = rest.dropFirst(part.count)
            reserveRows(part.count)
            for (row, token) in part.enumerated() { embed(token, row: row) }
            segments.removeAll(keepingCapacity: true)
            segments.append(Segment(slot: slot, rows: 0..<part.count))
            runLayers(part.count, forLogits: false)
        }
    }

    func step(_ inputs: [StepInput], into logits: inout [Float]) {
        reserveRows(inputs.count)
        segments.removeAll(keepingCapacity: true)
        for (row, input) in inputs.enumerated() {
            embed(input.token, row: row)
            segments.append(Segment(slot: input.slot, rows: row..<row + 1))
        }
        runLayers(inputs.count, forLogits: true)
        let width = shape.vocabularySize
        let excess = logits.count - inputs.count * width
        if excess > 0 { logits.removeLast(excess) }
        if excess < 0 { logits.append(contentsOf: repeatElement(0, count: -excess)) }
        logits.withUnsafeMutableBufferPointer { logits in
            guard let start = logits.baseAddress else { return }
            normalize(inputs.count, model.weights.norm)
            model.weights.head.multiply(rows.normal.start, count: inputs.count, into: start)
            for row in 0..<inputs.count {
                for token in model.unassigned { start[row * width + Int(token)] = -.infinity }
            }
        }
    }

    private func embed(_ token: Token, row: Int) {
        model.weights.embedding.copyWeights(of: Int(token), to: rows.state.start + row * shape.hiddenSize)
    }

    private func reserveRows(_ count: Int) {
        if rows.count < count { rows = Rows(shape, count: count) }
    }

    /// Runs the first rows through all layers. Without logits to come, the last layer has only to fill its cache.
    private func runLayers(_ count: Int, forLogits: Bool) {
        for segment in segments {
            let end = caches[segment.slot].length + segment.rows.count
            precondition(end <= shape.contextLength, "the sequence is longer than the model's context")
            caches[segment.slot].reserve(segment.rows.count)
            rotary.extend(to: end)
        }
        for (index, layer) in model.weights.layers.enumerated() {
            normalize(count, layer.attentionNorm)
            layer.queryKeyValue.multiply(rows.normal.start, count: count, into: rows.queryKeyValue.start)
            for segment in segments { rotateAndStore(segment, layer: index) }
            if !forLogits, index == model.weights.layers.count - 1 { break }
            for segment in segments {
                attention.attend(
                    rows.queryKeyValue.start + segment.rows.lowerBound * shape.queryKeyValueSize,
                    count: segment.rows.count,
                    caches[segment.slot],
                    layer: index,
                    into: rows.attended.start + segment.rows.lowerBound * shape.queryHeads * shape.headSize
                )
            }
            layer.attentionOutput.multiply(rows.attended.start, count: count, into: rows.state.start, adding: true)
            normalize(count, layer.feedForwardNorm)
            layer.gateUp.multiply(rows.normal.start, count: count, into: rows.gateUp.start)
            for row in 0..<count {
                let gates = rows.gateUp.start + row * 2 * shape.feedForwardSize
                Vector.gate(
                    gates,
                    gates + shape.feedForwardSize,
                    into: rows.gated.start + row * shape.feedForwardSize,
                    count: shape.feedForwardSize
                )
            }
            layer.down.multiply(rows.gated.start, count: count, into: rows.state.start, adding: true)
        }
        for segment in segments { caches[segment.slot].advance(segment.rows.count) }
    }

    private func normalize(_ count: Int, _ weights: FloatBuffer) {
        for row in 0..<count {
            Vector.normalize(
                rows.state.start + row * shape.hiddenSize,
                weights: weights.start,
                epsilon: shape.normEpsilon,
                into: rows.normal.start + row * shape.hiddenSize,
                count: shape.hiddenSize
            )
        }
    }

    /// Turns queries and keys to their positions, and gives keys and values to the cache.
    private func rotateAndStore(_ segment: Segment, layer: Int) {
        for row in segment.rows {
            let position = caches[segment.slot].length + row - segment.rows.lowerBound
            let queries = rows.queryKeyValue.start + row * shape.queryKeyValueSize
            rotary.rotate(queries, count: shape.queryHeads + shape.keyValueHeads, position: position)
            let keys = queries + shape.queryHeads * shape.headSize
            let values = keys + shape.keyValueHeads * shape.headSize
            caches[segment.slot].write(keys: keys, values: values, layer: layer, position: position)
        }
    }

    /// What each row has at each station of a layer.
    private struct Rows {
        let count: Int
        let state: FloatBuffer
        let normal: FloatBuffer
        let queryKeyValue: FloatBuffer
        let attended: FloatBuffer
        let gateUp: FloatBuffer
        let gated: FloatBuffer

        init(_ shape: LlamaConfiguration, count: Int) {
            self.count = count
            state = FloatBuffer(count: count * shape.hiddenSize)
            normal = FloatBuffer(count: count * shape.hiddenSize)
            queryKeyValue = FloatBuffer(count: count * shape.queryKeyValueSize)
            attended = FloatBuffer(count: count * shape.queryHeads * shape.headSize)
            gateUp = FloatBuffer(count: count * 2 * shape.feedForwardSize)
            gated = FloatBuffer(count: count * shape.feedForwardSize)
        }
    }
}

/// The shape of a model of the Llama family, as `config.json` gives it.
struct LlamaConfiguration: Equatable {
    var vocabularySize: Int
    var hiddenSize: Int
    var feedForwardSize: Int
    var layers: Int
    var queryHeads: Int
    var keyValueHeads: Int
    var headSize: Int
    var contextLength: Int
    var normEpsilon: Float
    var rotary: RotaryFrequencies
    /// Whether the output matrix is the embedding.
    var isTied: Bool
    var hasQueryKeyValueBias: Bool
    var hasOutputBias: Bool
    var hasFeedForwardBias: Bool
    /// The tokens that end an answer, the first of which ends a text; there is at least one.
    var ends: [Token]

    /// What queries, keys and values of one token have together.
    var queryKeyValueSize: Int { (queryHeads + 2 * keyValueHeads) * headSize }

    /// Reads `config.json`, and `generation_config.json` where there is one.
    init(folder: String) throws(ModelError) {
        let reader = try ConfigurationReader(path: "\(folder)/config.json")
        let family = try reader.family()
        vocabularySize = try reader.count("vocab_size")
        hiddenSize = try reader.count("hidden_size")
        feedForwardSize = try reader.count("intermediate_size")
        layers = try reader.count("num_hidden_layers")
        queryHeads = try reader.count("num_attention_heads")
        keyValueHeads = try reader.count("num_key_value_heads", default: queryHeads)
        guard queryHeads.isMultiple(of: keyValueHeads) else {
            throw reader.error(
                "num_attention_heads is \(queryHeads), which is no multiple of num_key_value_heads, \(keyValueHeads)"
            )
        }
        if let size = try reader.optionalCount("head_dim") {
            headSize = size
        } else if hiddenSize.isMultiple(of: queryHeads) {
            headSize = hiddenSize / queryHeads
        } else {
            throw reader.error("hidden_size \(hiddenSize) is no multiple of num_attention_heads \(queryHeads)")
        }
        guard headSize.isMultiple(of: 2) else {
            throw reader.error("head_dim is \(headSize); rotary embeddings need an even number")
        }
        contextLength = try reader.count("max_position_embeddings", default: 2_048)
        normEpsilon = Float(try reader.number("rms_norm_eps", default: 1e-6))
        rotary = try RotaryFrequencies(reader, headSize: headSize, contextLength: contextLength)
        isTied = try reader.flag("tie_word_embeddings", default: false)
        let hasAttentionBias = try reader.flag("attention_bias", default: false)
        hasQueryKeyValueBias = family == .qwen2 || hasAttentionBias
        hasOutputBias = hasAttentionBias
        hasFeedForwardBias = try reader.flag("mlp_bias", default: false)
        try reader.refuseWhatIsNotLlama(contextLength: contextLength)

        ends = try reader.tokens("eos_token_id")
        let generation = "\(folder)/generation_config.json"
        if ModelFile.exists(generation) {
            for token in try ConfigurationReader(path: generation).tokens("eos_token_id") where !ends.contains(token) {
                ends.append(token)
            }
        }
        guard !ends.isEmpty else {
            throw reader.error("eos_token_id is missing, here and in generation_config.json: no answer could end")
        }
        if let wrong = ends.first(where: { !(0..<vocabularySize).contains(Int($0)) }) {
            throw reader.error("eos_token_id is \(wrong); the vocabulary has \(vocabularySize) tokens")
        }
    }
}

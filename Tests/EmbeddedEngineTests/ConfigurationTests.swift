import Testing

@testable import EmbeddedEngine

/// What a configuration may not say, and what it may leave out.
struct ConfigurationTests {
    @Test(arguments: [
        (#""model_type": "llama""#, #""model_type": "gpt2""#, "model_type is 'gpt2'; the engine runs llama"),
        (#""LlamaForCausalLM""#, #""LlamaForSequenceClassification""#, "names 'LlamaForSequenceClassification'"),
        (#""hidden_size": 32"#, #""hidden_size": 0"#, "hidden_size must be a whole number"),
        (#""hidden_size": 32"#, #""hidden_size": 1e18"#, "hidden_size must be a whole number"),
        (#""hidden_size": 32"#, #""hidden_size": null"#, "hidden_size is missing"),
        (#""num_key_value_heads": 2"#, #""num_key_value_heads": 3"#, "no multiple of num_key_value_heads, 3"),
        (#""head_dim": 8"#, #""head_dim": 7"#, "head_dim is 7"),
        (#""hidden_act": "silu""#, #""hidden_act": "gelu""#, "hidden_act is 'gelu'; the engine knows silu"),
        (#""rms_norm_eps": 1e-05"#, #""rms_norm_eps": "x""#, "rms_norm_eps must be a number above 0"),
        (#""rope_scaling": null"#, #""rope_scaling": {"rope_type": "yarn", "factor": 2}"#, "is of type 'yarn'"),
        (#""rope_scaling": null"#, #""rope_scaling": {"type": "linear"}"#, "factor is missing"),
        (#""rope_scaling": null"#, #""quantization_config": {"bits": 4}"#, "quantization_config is set"),
        (#""rope_scaling": null"#, #""partial_rotary_factor": 0.5"#, "partial_rotary_factor is set"),
        (#""rope_scaling": null"#, #""sliding_window": 16, "use_sliding_window": true"#, "sliding_window is 16"),
        (#""attention_bias": false"#, #""attention_bias": "no""#, "attention_bias must be true or false"),
        (#""vocab_size": 300"#, #""vocab_size": 2"#, "eos_token_id is 2; the vocabulary has 2 tokens"),
        (#""eos_token_id""#, #""another_id""#, "eos_token_id is missing"),
    ])
    func whatTheEngineCannotRunIsAnError(found: String, put: String, problem: String) throws {
        let folder = try ModelFolder(copying: Golden(name: "tiny-f32"))
        try folder.replace(found, by: put, in: "config.json")
        let error = try #require(throws: ModelError.self) { try LlamaModel(directory: folder.path) }
        #expect(error.path == "\(folder.path)/config.json")
        #expect(error.problem.contains(problem), "\(error)")
    }

    @Test func headsAndKeysHaveTheUsualSizesWhenTheFileSaysNothing() throws {
        let folder = try ModelFolder(copying: Golden(name: "tiny-f32"))
        try folder.replace(#""head_dim": 8,"#, by: "", in: "config.json")
        try folder.replace(#""num_key_value_heads": 2,"#, by: "", in: "config.json")
        let configuration = try LlamaConfiguration(folder: folder.path)
        #expect(configuration.headSize == 8)
        #expect(configuration.keyValueHeads == 4)
    }

    @Test func endsComeFromBothFiles() throws {
        let folder = try ModelFolder(copying: Golden(name: "linear-rope"))
        try folder.replace(#""eos_token_id": 0"#, by: #""eos_token_id": [2, 0]"#, in: "generation_config.json")
        let tokenizer = try LlamaModel(directory: folder.path + "/").tokenizer
        #expect(tokenizer.endOfText == 0)
        #expect(tokenizer.isEnd(2) && tokenizer.isEnd(0) && !tokenizer.isEnd(1))
    }
}

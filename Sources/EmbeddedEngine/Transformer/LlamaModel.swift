private import COpenBLAS

/// A transformer of the Llama family (Touvron et al., 2023), read from a folder in the format of Hugging Face:
/// `config.json`, `tokenizer.json`, and the weights in `model.safetensors` or in the files that
/// `model.safetensors.index.json` names.
///
/// Weights may be float32, float16 or bfloat16; the arithmetic is float32, its products are OpenBLAS's on one thread.
/// Llama, Mistral without a sliding window, and Qwen2 are known.
public struct LlamaModel: LanguageModel {
    public let name: String
    public let tokenizer: any Tokenizer
    public var contextLength: Int { configuration.contextLength }

    let configuration: LlamaConfiguration
    let weights: LlamaWeights
    /// Rows of the embedding that no token has.
    let unassigned: [Token]

    /// Loads a model.
    /// - Parameters:
    ///   - directory: The folder's path.
    ///   - name: The model's name; `nil` for that of the folder.
    /// - Throws: ``ModelError``, which names the file and what in it is missing, damaged or not known to the engine.
    public init(directory: String, name: String? = nil) throws(ModelError) {
        var folder = directory
        while folder.count > 1, folder.last == "/" { folder.removeLast() }
        guard ModelFile.isFolder(folder) else { throw ModelError(directory, "is no folder; expected a model's") }
        // The scheduler has one thread, and the CPUs beside it have the gateway to serve.
        openblas_set_num_threads(1)
        self.name = name ?? folder.split(separator: "/").last.map { String($0) } ?? folder
        configuration = try LlamaConfiguration(folder: folder)
        let tokenizer = try BPETokenizer(
            path: "\(folder)/tokenizer.json",
            vocabularySize: configuration.vocabularySize,
            ends: configuration.ends
        )
        self.tokenizer = tokenizer
        unassigned = tokenizer.unassigned
        weights = try LlamaWeights(Checkpoint(folder: folder), configuration)
    }

    public func makeSession(slots: Int) -> any DecodingSession { LlamaSession(self, slots: slots) }
}

/// Takes typed fields out of a configuration file, or says which one is wrong.
struct ConfigurationReader {
    let path: String
    let root: JSONValue

    /// The relatives of Llama that differ in biases alone.
    enum Family: String, CaseIterable {
        case llama, mistral, qwen2

        var architecture: String {
            switch self {
            case .llama: "LlamaForCausalLM"
            case .mistral: "MistralForCausalLM"
            case .qwen2: "Qwen2ForCausalLM"
            }
        }
    }

    init(path: String) throws(ModelError) {
        self.path = path
        root = try JSONValue.read(path)
        guard root.members != nil else { throw ModelError(path, "is no JSON object") }
    }

    func error(_ problem: String) -> ModelError { ModelError(path, problem) }

    /// What kind of model it is.
    func family() throws(ModelError) -> Family {
        let known = Family.allCases.map(\.rawValue).joined(separator: ", ")
        guard let type = root.present("model_type")?.string else {
            throw error("model_type is missing; the engine runs \(known)")
        }
        guard let family = Family(rawValue: type) else {
            throw error("model_type is '\(type)'; the engine runs \(known)")
        }
        if let architecture = root.present("architectures")?.elements?.first?.string,
            architecture != family.architecture
        {
            throw error("architectures names '\(architecture)'; the engine runs \(family.architecture)")
        }
        return family
    }

    /// Refuses what would silently compute something else.
    func refuseWhatIsNotLlama(contextLength: Int) throws(ModelError) {
        if let activation = root.present("hidden_act")?.string, activation != "silu", activation != "swish" {
            throw error("hidden_act is '\(activation)'; the engine knows silu")
        }
        if root.present("quantization_config") != nil {
            throw error("quantization_config is set; the engine reads float32, float16 and bfloat16 weights only")
        }
        if let share = root.present("partial_rotary_factor"), share.number != 1 {
            throw error("partial_rotary_factor is set; the engine rotates whole heads only")
        }
        let slides = try flag("use_sliding_window", default: root.present("model_type")?.string == "mistral")
        if slides, let window = try optionalCount("sliding_window"), window < contextLength {
            throw error(
                "sliding_window is \(window), below max_position_embeddings (\(contextLength)); the engine attends to "
                    + "the whole context only"
            )
        }
    }

    /// A whole number above zero.
    func count(_ name: String, default standard: Int? = nil) throws(ModelError) -> Int {
        if let value = try optionalCount(name) ?? standard { return value }
        throw error("\(name) is missing; expected a whole number above 0")
    }

    func optionalCount(_ name: String) throws(ModelError) -> Int? {
        guard let value = root.present(name) else { return nil }
        // No dimension of a model that fits into memory comes near the limit; products of two stay far from overflow.
        guard let count = value.integer, (1...1 << 28).contains(count) else {
            throw error("\(name) must be a whole number from 1 to \(1 << 28)")
        }
        return count
    }

    func number(
        _ name: String,
        in object: JSONValue? = nil,
        default standard: Double? = nil
    ) throws(ModelError)
        -> Double
    {
        guard let value = (object ?? root).present(name) else {
            if let standard { return standard }
            throw error("\(name) is missing; expected a number above 0")
        }
        guard let number = value.number, number > 0, number.isFinite else {
            throw error("\(name) must be a number above 0")
        }
        return number
    }

    func flag(_ name: String, default standard: Bool) throws(ModelError) -> Bool {
        guard let value = root.present(name) else { return standard }
        guard let flag = value.bool else { throw error("\(name) must be true or false") }
        return flag
    }

    /// One token or a list of them; none when the field is missing.
    func tokens(_ name: String) throws(ModelError) -> [Token] {
        guard let value = root.present(name) else { return [] }
        var tokens: [Token] = []
        for element in value.elements ?? [value] {
            guard let token = element.integer.flatMap({ Token(exactly: $0) }) else {
                throw error("\(name) must be a token or a list of tokens")
            }
            tokens.append(token)
        }
        return tokens
    }
}

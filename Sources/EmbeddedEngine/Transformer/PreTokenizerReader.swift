/// Recognises the ways of cutting text that the engine knows in `pre_tokenizer`.
struct PreTokenizerReader {
    let path: String

    func words(_ value: JSONValue?) throws(ModelError) -> WordSplitter {
        guard let value else { throw error("is missing") }
        var words = WordSplitter(pattern: .gpt2)
        var pattern: WordSplitter.Pattern?
        var isByteLevel = false
        for stage in value["type"]?.string == "Sequence" ? value["pretokenizers"]?.elements ?? [] : [value] {
            let type = stage["type"]?.string ?? ""
            guard !isByteLevel else { throw error("has '\(type)' after ByteLevel") }
            switch type {
            case "Digits":
                guard stage["individual_digits"]?.bool == true else {
                    throw error("has Digits without individual_digits")
                }
                guard pattern == nil else { throw error("has Digits after Split") }
                words.isolatesDigits = true
            case "Split":
                guard pattern == nil else { throw error("has two stages of type Split") }
                pattern = try splitPattern(stage)
            case "ByteLevel":
                isByteLevel = true
                words.addsSpace = stage["add_prefix_space"]?.bool ?? true
                if words.addsSpace, words.isolatesDigits || pattern != nil {
                    throw error("has add_prefix_space after another stage")
                }
                if stage["use_regex"]?.bool ?? true {
                    guard pattern == nil else { throw error("has both Split and use_regex") }
                    pattern = .gpt2
                }
            default: throw error("is of type '\(type)'; the engine knows ByteLevel, Split and Digits")
            }
        }
        guard isByteLevel else { throw error("has no ByteLevel; the engine knows byte-level tokenizers only") }
        guard let pattern else { throw error("has neither Split nor use_regex") }
        words.pattern = pattern
        return words
    }

    private func splitPattern(_ stage: JSONValue) throws(ModelError) -> WordSplitter.Pattern {
        guard stage["behavior"]?.string == "Isolated", stage["invert"]?.bool != true else {
            throw error("has Split with another behavior than Isolated")
        }
        guard let regex = stage["pattern"]?["Regex"]?.string else { throw error("has Split without a Regex") }
        guard let pattern = WordSplitter.Pattern(regex: regex) else {
            throw error(
                "splits by the pattern \(regex), which the engine does not know; it knows GPT-2's, Llama 3's "
                    + "and Qwen 2's"
            )
        }
        return pattern
    }

    private func error(_ problem: String) -> ModelError { ModelError(path, "pre_tokenizer \(problem)") }
}

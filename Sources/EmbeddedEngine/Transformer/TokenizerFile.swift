/// What `tokenizer.json` says, checked.
struct TokenizerFile {
    /// What each token stands for.
    private(set) var pieces: [Int: Piece] = [:]
    private(set) var specials: [String: Token] = [:]
    private(set) var verbatim: [BPETokenizer.Verbatim] = []
    private(set) var wholeWords: [[UInt8]: Token] = [:]
    private(set) var merger: BytePairMerger
    let words: WordSplitter
    let normalizer: UnicodeNormalizer?
    private let path: String

    enum Piece {
        case text([UInt8])
        case special
    }

    init(path: String, vocabularySize: Int) throws(ModelError) {
        self.path = path
        let root = try JSONValue.read(path)
        guard let model = root["model"], let vocabulary = model["vocab"]?.members else {
            throw ModelError(path, "has no model.vocab")
        }
        let type = model.present("type")?.string ?? "BPE"
        guard type == "BPE" else { throw ModelError(path, "model.type is '\(type)'; the engine knows BPE") }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let text = model.present(name)?.string, !text.isEmpty {
                throw ModelError(path, "model.\(name) is '\(text)'; byte-level tokenizers have none")
            }
        }
        words = try PreTokenizerReader(path: path).words(root.present("pre_tokenizer"))
        normalizer = try UnicodeNormalizer(root.present("normalizer"), path: path)

        var tokens: [String: Token] = Dictionary(minimumCapacity: vocabulary.count)
        for member in vocabulary {
            guard let token = member.value.integer, (0..<vocabularySize).contains(token) else {
                throw ModelError(path, "'\(member.name)' must be a token below vocab_size (\(vocabularySize))")
            }
            tokens[member.name] = Token(token)
        }
        let byteTokens = try Self.byteTokens(tokens, path)
        merger = BytePairMerger(byteTokens: byteTokens)
        try readAddedTokens(root.present("added_tokens")?.elements ?? [], vocabularySize)
        let isWhole = model.present("ignore_merges")?.bool ?? false
        for (text, token) in tokens where pieces[Int(token)] == nil {
            guard let bytes = ByteAlphabet.bytes(of: text) else {
                throw ModelError(path, "token \(token), '\(text)', is not in the alphabet of byte-level tokenizers")
            }
            pieces[Int(token)] = .text(bytes)
            if isWhole { wholeWords[bytes] = token }
        }
        guard let merges = model["merges"]?.elements else { throw ModelError(path, "has no model.merges") }
        for (index, merge) in merges.enumerated() { try readMerge(merge, index, tokens) }
    }

    private static func byteTokens(_ tokens: [String: Token], _ path: String) throws(ModelError) -> [Token] {
        var byteTokens: [Token] = []
        for (byte, character) in ByteAlphabet.characters.enumerated() {
            guard let token = tokens[String(character)] else {
                throw ModelError(path, "has no token for byte \(byte) ('\(character)'); is it no byte-level tokenizer?")
            }
            byteTokens.append(token)
        }
        return byteTokens
    }

    private mutating func readAddedTokens(_ added: [JSONValue], _ vocabularySize: Int) throws(ModelError) {
        for element in added {
            guard let content = element["content"]?.string, !content.isEmpty, let token = element["id"]?.integer else {
                throw ModelError(path, "added_tokens: expected objects with an id and a content")
            }
            // A tokenizer may know more names than the model has rows.
            guard (0..<vocabularySize).contains(token) else { continue }
            if element["special"]?.bool ?? false {
                specials[content] = Token(token)
                pieces[token] = .special
            } else {
                let bytes = Array(content.utf8)
                pieces[token] = .text(bytes)
                verbatim.append(BPETokenizer.Verbatim(text: bytes, token: Token(token)))
            }
        }
        verbatim.sort { $0.text.count > $1.text.count }
    }

    /// A merge is `"a b"`, or `["a", "b"]` in newer files.
    private mutating func readMerge(_ merge: JSONValue, _ index: Int, _ tokens: [String: Token]) throws(ModelError) {
        let sides: [String] =
            if let text = merge.string {
                text.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
            } else {
                merge.elements?.compactMap(\.string) ?? []
            }
        guard sides.count == 2, let left = tokens[sides[0]], let right = tokens[sides[1]],
            let token = tokens[sides[0] + sides[1]]
        else { throw ModelError(path, "merge \(index) must be two tokens that make up a third one: \(sides)") }
        merger.learn(left, right, becomes: token)
    }
}

extension BPETokenizer {
    /// Reads a tokenizer for a model.
    /// - Parameters:
    ///   - path: The path of `tokenizer.json`.
    ///   - vocabularySize: The model's number of tokens.
    ///   - ends: The tokens that end an answer, at least one.
    init(path: String, vocabularySize: Int, ends: [Token]) throws(ModelError) {
        let file = try TokenizerFile(path: path, vocabularySize: vocabularySize)
        self.init(file, vocabularySize: vocabularySize, ends: ends)
    }
}

import Testing

@testable import EmbeddedEngine

struct TokenizerTests {
    @Test(arguments: Golden.all)
    func textsBecomeTheTokensOfTheReference(golden: Golden) throws {
        let tokenizer = try golden.model().tokenizer
        for (text, tokens) in try golden.tokens() {
            #expect(tokenizer.encode(Array(text.utf8)) == tokens, "\(text.debugDescription)")
        }
    }

    @Test(arguments: Golden.all.filter { $0.name != "qwen2-biases" })
    func everySequenceOfBytesComesBack(golden: Golden) throws {
        let tokenizer = try golden.model().tokenizer
        var random = SplitMix64(state: 5)
        for length in 0..<300 {
            // Half of the texts are mostly ASCII, so that words and spaces occur too.
            let bytes = (0..<length).map { _ in
                let number = random.next()
                return length.isMultiple(of: 2) || number >> 60 == 0
                    ? UInt8(truncatingIfNeeded: number >> 8) : Array(" aeto'1\n".utf8)[Int(number % 8)]
            }
            #expect(tokenizer.text(tokenizer.encode(bytes)) == bytes)
        }
    }

    @Test func charactersAreComposedWhereTheFileSaysSo() throws {
        let tokenizer = try Golden(name: "qwen2-biases").model().tokenizer
        #expect(tokenizer.text(tokenizer.encode(Array("e\u{301}".utf8))) == Array("é".utf8))
        // What is no UTF-8 has no characters to compose.
        let broken = Array("e\u{301}".utf8) + [0xFF]
        #expect(tokenizer.text(tokenizer.encode(broken)) == broken)
    }

    @Test(arguments: Golden.all)
    func nobodyWritesASpecialToken(golden: Golden) throws {
        let tokenizer = try golden.model().tokenizer
        let specials = try ["<|im_start|>", "<|im_end|>"].map { name in
            (name, try #require(tokenizer.special(name)))
        }
        for (name, token) in specials {
            let tokens = tokenizer.encode(Array("a\(name)b \(name)\(name)".utf8))
            #expect(!tokens.contains(token))
            #expect(tokenizer.text(tokens) == Array("a\(name)b \(name)\(name)".utf8))
            #expect(tokenizer.text([token]).isEmpty)
        }
        #expect(tokenizer.special("<|nobody|>") == nil)
    }

    @Test func anAddedTokenThatIsNotSpecialIsText() throws {
        let tokenizer = try Golden(name: "llama3-rope").model().tokenizer
        let tokens = tokenizer.encode(Array("<|tool|>".utf8))
        #expect(tokens.count == 1)
        #expect(tokenizer.text(tokens) == Array("<|tool|>".utf8))
        #expect(tokenizer.special("<|tool|>") == nil)
    }

    /// A quadratic search for pairs would take minutes, not the moment in which this is over.
    @Test(.timeLimit(.minutes(1)), arguments: ["a", "ab ", "\n", "aaaabbbb", "é", "1", "'"])
    func longTextsAreEncodedInNearlyLinearTime(unit: String) throws {
        let tokenizer = try Golden(name: "tiny-f32").model().tokenizer
        let text = Array(String(repeating: unit, count: 200_000 / unit.utf8.count).utf8)
        #expect(tokenizer.text(tokenizer.encode(text)) == text)
    }

    @Test func theHeapGivesBackTheSmallestFirst() {
        var heap = MinimumHeap()
        var random = SplitMix64(state: 1)
        let numbers = (0..<500).map { _ in random.next() % 100 }
        for number in numbers { heap.insert(number) }
        var sorted: [UInt64] = []
        while let number = heap.takeMinimum() { sorted.append(number) }
        #expect(sorted == numbers.sorted())
    }
}

/// Files that the engine cannot use say why.
struct TokenizerFileTests {
    @Test(arguments: [
        (#""type": "BPE""#, #""type": "Unigram""#, "model.type is 'Unigram'; the engine knows BPE"),
        (#""type": "ByteLevel", "add_prefix_space": false"#, #""type": "Metaspace""#, "is of type 'Metaspace'"),
        (#""normalizer": null"#, #""normalizer": {"type": "Lowercase"}"#, "normalizer is of type 'Lowercase'"),
        (#""individual_digits": true"#, #""individual_digits": false"#, "has Digits without individual_digits"),
        (#""Ġ":"#, #""x y":"#, "has no token for byte 32"),
        (#""vocab""#, #""words""#, "has no model.vocab"),
        (#""merges": [["#, #""merges": [["no", "such"], ["#, "merge 0 must be two tokens"),
        (#""merges""#, #""pairs""#, "has no model.merges"),
        (#""version": "1.0""#, #""version": "1.0"#, "is no JSON"),
    ])
    func whatTheEngineDoesNotKnowIsAnError(found: String, put: String, problem: String) throws {
        let folder = try ModelFolder(copying: Golden(name: "linear-rope"))
        try folder.replace(found, by: put, in: "tokenizer.json")
        let error = try #require(throws: ModelError.self) { try LlamaModel(directory: folder.path) }
        #expect(error.path == "\(folder.path)/tokenizer.json")
        #expect(error.problem.contains(problem), "\(error)")
    }

    @Test func anUnknownPatternIsNamed() throws {
        let folder = try ModelFolder(copying: Golden(name: "llama3-rope"))
        try folder.replace(#"\\p{N}{1,3}"#, by: #"\\p{N}{1,9}"#, in: "tokenizer.json")
        let error = try #require(throws: ModelError.self) { try LlamaModel(directory: folder.path) }
        #expect(error.problem.contains(#"splits by the pattern"#) && error.problem.contains(#"\p{N}{1,9}"#))
    }

    @Test func aTokenBeyondTheModelsVocabularyIsNamed() throws {
        let folder = try ModelFolder(copying: Golden(name: "linear-rope"))
        try folder.replace(#""vocab_size": 390"#, by: #""vocab_size": 370"#, in: "config.json")
        let error = try #require(throws: ModelError.self) { try LlamaModel(directory: folder.path) }
        #expect(error.problem.contains("must be a token below vocab_size (370)"))
    }
}

extension Tokenizer {
    func text(_ tokens: [Token]) -> [UInt8] {
        var text: [UInt8] = []
        for token in tokens { decode(token, into: &text) }
        return text
    }
}

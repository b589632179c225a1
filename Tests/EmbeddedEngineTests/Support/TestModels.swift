import Synchronization

@testable import EmbeddedEngine

/// Single bytes, some longer pieces, and special tokens.
struct TestTokenizer: Tokenizer {
    let pieces: [[UInt8]]
    let specials: [String]

    /// - Parameter specials: The first one ends a text.
    init(pieces: [String] = [], specials: [String] = ["<|end|>"]) {
        self.pieces = (0..<256).map { [UInt8($0)] } + pieces.map { Array($0.utf8) }
        self.specials = specials
    }

    /// As models with tools have them.
    static let chatML = TestTokenizer(
        pieces: toolPieces,
        specials: [
            "<|im_end|>", "<|im_start|>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>",
        ]
    )
    /// The marks of tool calls are text, and pieces may reach over them.
    static let textual = TestTokenizer(pieces: toolPieces)
    private static let toolPieces = [
        "<tool_call>", "</tool_call>", "tool", ">\n", ">{", "{\"", "\": ", "\", \"", "{\"name\": \"", "arguments", "}}",
        "}\n", "null", "true", "12", "[[", "]]", "é", "大", "\\u", "\\\"", "    ", "look",
    ]

    var vocabularySize: Int { pieces.count + specials.count }
    var endOfText: Token { Token(pieces.count) }
    func encode(_ text: [UInt8]) -> [Token] { text.map { Token($0) } }
    func decode(_ token: Token, into text: inout [UInt8]) {
        if Int(token) < pieces.count { text += pieces[Int(token)] }
    }
    func special(_ name: String) -> Token? { specials.firstIndex(of: name).map { Token(pieces.count + $0) } }

    /// The tokens as a text with the names of special tokens.
    func describe(_ tokens: [Token]) -> String {
        tokens.map { token in
            Int(token) < pieces.count
                ? String(decoding: pieces[Int(token)], as: UTF8.self) : specials[Int(token) - pieces.count]
        }.joined()
    }
}

/// A model whose every answer depends on everything that its slot has read, in order. Nothing else shows that a sequence
/// which lost its slot was read again exactly.
final class HistoryModel: LanguageModel {
    let name = "history"
    let tokenizer: any Tokenizer
    let contextLength: Int
    private let most = Atomic(0)
    private let steps = Atomic(0)

    /// - Parameter contextLength: More than a session ever holds.
    init(_ tokenizer: any Tokenizer = TestTokenizer(), contextLength: Int = 1 << 20) {
        self.tokenizer = tokenizer
        self.contextLength = contextLength
    }

    /// The most tokens that the slots held together.
    var mostHeld: Int { most.load(ordering: .relaxed) }
    var stepCount: Int { steps.load(ordering: .relaxed) }

    func makeSession(slots: Int) -> any DecodingSession { Session(self, slots) }

    private final class Session: DecodingSession {
        private let model: HistoryModel
        private var hashes: [UInt64]
        private var counts: [Int]

        init(_ model: HistoryModel, _ slots: Int) {
            self.model = model
            hashes = Array(repeating: 0, count: slots)
            counts = Array(repeating: 0, count: slots)
        }

        func reset(slot: Int) {
            hashes[slot] = 0
            counts[slot] = 0
        }

        func prefill(_ tokens: ArraySlice<Token>, slot: Int) { for token in tokens { read(token, slot) } }

        func step(_ inputs: [StepInput], into logits: inout [Float]) {
            let width = model.tokenizer.vocabularySize
            logits.removeAll(keepingCapacity: true)
            model.steps.add(1, ordering: .relaxed)
            for input in inputs {
                read(input.token, input.slot)
                var random = SplitMix64(state: hashes[input.slot])
                for token in 0..<width {
                    // Letters are likelier, so that texts are readable; the end is not, so that they are long.
                    let isLetter = token >= 97 && token < 123
                    let logit = 4 * Float(random.unit()) + (isLetter ? 6 : 0)
                    logits.append(token == Int(model.tokenizer.endOfText) ? -4 : logit)
                }
            }
        }

        private func read(_ token: Token, _ slot: Int) {
            var mix = SplitMix64(state: hashes[slot] ^ UInt64(bitPattern: Int64(token)))
            hashes[slot] = mix.next()
            counts[slot] += 1
            let held = counts.reduce(0, +)
            if held > model.most.load(ordering: .relaxed) { model.most.store(held, ordering: .relaxed) }
        }
    }
}

/// Writes the same tokens whatever it reads, and then ends; nothing else is possible or, if wanted, much less likely.
struct ScriptedModel: LanguageModel {
    let name = "scripted"
    let tokenizer: any Tokenizer
    let contextLength = 1 << 20
    var script: [Token]
    /// The logit of everything that is not in the script.
    var others: Float = -.infinity

    init(_ text: String, _ tokenizer: TestTokenizer = .textual) {
        self.tokenizer = tokenizer
        // Special tokens first, then the longest piece.
        var script: [Token] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            if let name = tokenizer.specials.first(where: { rest.hasPrefix($0) }) {
                script.append(tokenizer.special(name)!)
                rest.removeFirst(name.count)
            } else {
                let bytes = Array(rest.utf8)
                let matches = tokenizer.pieces.indices.filter { bytes.starts(with: tokenizer.pieces[$0]) }
                let longest = matches.max { tokenizer.pieces[$0].count < tokenizer.pieces[$1].count }!
                script.append(Token(longest))
                rest = Substring(decoding: bytes.dropFirst(tokenizer.pieces[longest].count), as: UTF8.self)
            }
        }
        self.script = script + [tokenizer.endOfText]
    }

    func makeSession(slots: Int) -> any DecodingSession { Session(self, slots) }

    private final class Session: DecodingSession {
        private let model: ScriptedModel
        private var places: [Int]

        init(_ model: ScriptedModel, _ slots: Int) {
            self.model = model
            places = Array(repeating: 0, count: slots)
        }

        func reset(slot: Int) { places[slot] = 0 }
        func prefill(_ tokens: ArraySlice<Token>, slot: Int) {}
        func step(_ inputs: [StepInput], into logits: inout [Float]) {
            let width = model.tokenizer.vocabularySize
            logits = Array(repeating: model.others, count: inputs.count * width)
            for (index, input) in inputs.enumerated() {
                let place = min(places[input.slot], model.script.count - 1)
                logits[index * width + Int(model.script[place])] = 10
                places[input.slot] += 1
            }
        }
    }
}

/// Two tokens and the end: as little work as a model can be.
struct TinyModel: LanguageModel {
    let name = "tiny"
    let tokenizer: any Tokenizer = Bits()
    let contextLength = 1 << 20

    func makeSession(slots: Int) -> any DecodingSession { Session() }

    private struct Bits: Tokenizer {
        let vocabularySize = 2
        let endOfText: Token = 1
        func encode(_ text: [UInt8]) -> [Token] { text.map { _ in 0 } }
        func decode(_ token: Token, into text: inout [UInt8]) { if token == 0 { text.append(97) } }
    }

    private final class Session: DecodingSession {
        func reset(slot: Int) {}
        func prefill(_ tokens: ArraySlice<Token>, slot: Int) {}
        func step(_ inputs: [StepInput], into logits: inout [Float]) {
            logits.removeAll(keepingCapacity: true)
            for _ in inputs {
                logits.append(0)
                logits.append(-1)
            }
        }
    }
}

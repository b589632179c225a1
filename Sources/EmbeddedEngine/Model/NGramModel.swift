#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// A small model that learns at start which token follows which: an n-gram model with back-off.
///
/// It looks for the longest end of the text so far that it has learned often enough (``support`` times, at most
/// ``order`` tokens) and takes the distribution of what came next; with no such end it backs off to shorter ones. What
/// the prompt talks about is made more likely by a constant factor, in the manner of a cache language model (Kuhn and
/// De Mori, 1990). Nothing is canned. At temperature 0 the text depends on a few tokens only, so that sooner or later
/// it comes to a place where it has been before: the loops of this model are real ones.
public struct NGramModel: LanguageModel {
    public let name: String
    public let tokenizer: any Tokenizer
    public let contextLength = 32_768

    /// The longest context in tokens.
    static let order = 12
    /// How often a context must have been learned to be trusted.
    static let support = 3
    /// How much likelier a word becomes when the prompt holds it.
    static let topicFactor: Float = 4

    let table: SuffixTable
    /// What may follow when nothing is known: every token, by its frequency.
    let anything: [Candidate]
    /// Tokens that carry a topic: whole words that are not among the most frequent ones.
    let topics: Set<Token>

    /// Learns from the text that comes with the package, and from `texts` besides.
    public init(name: String = "loopguard-ngram", learning texts: [[UInt8]] = []) {
        self.init(name: name, passages: Corpus.passages.map { Array($0.utf8) } + texts)
    }

    /// Learns from passages. After each of them a text may end.
    init(name: String, passages: [[UInt8]]) {
        self.name = name
        let tokenizer = PieceTokenizer(learning: passages)
        self.tokenizer = tokenizer
        var tokens: [Token] = []
        for passage in passages {
            tokens += tokenizer.encode(passage)
            tokens.append(tokenizer.endOfText)
        }
        table = SuffixTable(tokens, order: Self.order)
        var anything: [Candidate] = []
        var topics: Set<Token> = []
        let (everywhere, _) = table.longestMatch([], support: 1)
        var bytes: [UInt8] = []
        table.forEachSuccessor(everywhere, after: 0) { token, count in
            anything.append(Candidate(token: token, logit: log(Float(count))))
            bytes.removeAll(keepingCapacity: true)
            tokenizer.decode(token, into: &bytes)
            // A word of four letters and its space, and not one of the function words that make up most of a text.
            if bytes.count >= 5, count * 200 < tokens.count { topics.insert(token) }
        }
        self.anything = anything
        self.topics = topics
    }

    public func makeSession(slots: Int) -> any DecodingSession { NGramSession(self, slots: slots) }
}

/// For each slot the end of the text so far, and the words its prompt talks about.
private final class NGramSession: DecodingSession {
    private let model: NGramModel
    private var slots: [Slot]
    private var candidates: [Candidate] = []

    private struct Slot {
        var recent: [Token] = []
        var topics: Set<Token> = []
    }

    init(_ model: NGramModel, slots: Int) {
        self.model = model
        self.slots = Array(repeating: Slot(), count: slots)
    }

    func reset(slot: Int) { slots[slot] = Slot() }

    func prefill(_ tokens: ArraySlice<Token>, slot: Int) {
        for token in tokens {
            read(token, slot: slot)
            if model.topics.contains(token) { slots[slot].topics.insert(token) }
        }
    }

    func step(_ inputs: [StepInput], into logits: inout [Float]) {
        let width = model.tokenizer.vocabularySize
        logits.removeAll(keepingCapacity: true)
        logits.append(contentsOf: repeatElement(-.infinity, count: inputs.count * width))
        for (index, input) in inputs.enumerated() {
            read(input.token, slot: input.slot)
            predict(slots[input.slot], into: &candidates)
            for candidate in candidates { logits[index * width + Int(candidate.token)] = candidate.logit }
        }
    }

    private func read(_ token: Token, slot: Int) {
        if slots[slot].recent.count == NGramModel.order { slots[slot].recent.removeFirst() }
        slots[slot].recent.append(token)
    }

    private func predict(_ slot: Slot, into candidates: inout [Candidate]) {
        candidates.removeAll(keepingCapacity: true)
        let match = model.table.longestMatch(slot.recent[...], support: NGramModel.support)
        guard match.length > 0 else {
            candidates.append(contentsOf: model.anything)
            return
        }
        model.table.forEachSuccessor(match.places, after: match.length) { token, count in
            let weight = Float(count) * (slot.topics.contains(token) ? NGramModel.topicFactor : 1)
            candidates.append(Candidate(token: token, logit: log(weight)))
        }
        if candidates.count == 1, candidates[0].token == model.tokenizer.endOfText {
            // Whoever must go on finds something to go on with, too unlikely for everybody else.
            for other in model.anything where other.token != model.tokenizer.endOfText {
                candidates.append(Candidate(token: other.token, logit: other.logit - 100))
            }
        }
    }
}

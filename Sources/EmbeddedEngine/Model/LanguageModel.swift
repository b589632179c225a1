/// A number that stands for a piece of text.
public typealias Token = Int32

/// The translation between text and tokens.
public protocol Tokenizer: Sendable {
    /// The number of tokens; every token is below it.
    var vocabularySize: Int { get }
    /// The token that ends a text. It stands for no bytes.
    var endOfText: Token { get }
    /// The tokens of a text. Every sequence of bytes can be encoded, and never as a special token: what a user writes
    /// cannot open or close a turn.
    func encode(_ text: [UInt8]) -> [Token]
    /// Appends the bytes of a token. One token may hold a part of a character; a special token stands for none.
    func decode(_ token: Token, into text: inout [UInt8])
    /// The special token of a name such as `<|im_start|>`; `nil` when there is none.
    func special(_ name: String) -> Token?
    /// Whether a model that writes the token has finished its answer.
    func isEnd(_ token: Token) -> Bool
}

extension Tokenizer {
    public func special(_ name: String) -> Token? { nil }
    public func isEnd(_ token: Token) -> Bool { token == endOfText }
}

/// What a model learned. It does not change while it is used, so any number of sessions may share it.
public protocol LanguageModel: Sendable {
    /// The name under which `/v1/models` lists it.
    var name: String { get }
    /// The tokenizer whose tokens the model reads and writes.
    var tokenizer: any Tokenizer { get }
    /// The most tokens that prompt and answer of one sequence may have together.
    var contextLength: Int { get }
    /// Makes the working memory for sequences that are decoded together, one in each slot.
    func makeSession(slots: Int) -> any DecodingSession
}

/// The working memory of a model. It belongs to one thread.
public protocol DecodingSession: AnyObject {
    /// Forgets what a slot holds and frees its memory: a new sequence begins there.
    func reset(slot: Int)
    /// Reads a part of a prompt into a slot.
    func prefill(_ tokens: ArraySlice<Token>, slot: Int)
    /// Reads one token in each of the named slots, together, and tells what may follow in each.
    /// - Parameters:
    ///   - inputs: The slots and the tokens they read, no slot twice.
    ///   - logits: One row for each input, in the same order: for every token of the vocabulary the logarithm of its
    ///     probability, up to a constant of the row; minus infinity for what cannot follow. It is made as long as it
    ///     needs to be (`inputs.count` × `vocabularySize`) and comes with the last step's contents, so that its storage
    ///     can be used again.
    func step(_ inputs: [StepInput], into logits: inout [Float])
}

/// What one sequence reads in a step.
public struct StepInput: Sendable, Equatable {
    /// The slot of the sequence.
    public var slot: Int
    /// The token that it reads.
    public var token: Token

    /// Creates an input.
    public init(slot: Int, token: Token) {
        self.slot = slot
        self.token = token
    }
}

/// The bytes of every token, laid out for fast access, and the tokens that mean something to the server. It is made
/// once for a model and shared.
struct Vocabulary: Sendable {
    let tokenizer: any Tokenizer
    /// The tokens that end an answer.
    let endTokens: [Token]
    /// The special tokens around a tool call; `nil` where the model writes them as text.
    let openCall: Token?
    let closeCall: Token?

    private var bytes: [UInt8] = []
    /// Where each token's bytes end; there is one more in front.
    private var ends: [Int] = [0]
    /// The first token that stands for a single byte; −1 where there is none.
    private var single = [Token](repeating: -1, count: 256)

    init(_ tokenizer: any Tokenizer) {
        self.tokenizer = tokenizer
        openCall = tokenizer.special(ToolCallGrammar.opening)
        closeCall = tokenizer.special(ToolCallGrammar.closing)
        endTokens = (0..<Token(tokenizer.vocabularySize)).filter { tokenizer.isEnd($0) }
        for token in 0..<Token(tokenizer.vocabularySize) {
            let start = bytes.count
            tokenizer.decode(token, into: &bytes)
            ends.append(bytes.count)
            if bytes.count == start + 1, single[Int(bytes[start])] < 0 { single[Int(bytes[start])] = token }
        }
    }

    var count: Int { ends.count - 1 }

    func isEnd(_ token: Token) -> Bool { endTokens.contains(token) }

    /// The bytes of a token; none for a special one.
    func bytes(of token: Token) -> ArraySlice<UInt8> { bytes[ends[Int(token)]..<ends[Int(token) + 1]] }

    /// The token that stands for exactly this byte, if there is one.
    func token(for byte: UInt8) -> Token? { single[Int(byte)] < 0 ? nil : single[Int(byte)] }
}

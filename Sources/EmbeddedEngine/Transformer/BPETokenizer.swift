private import JSONBytes

/// Byte-level byte-pair encoding, as `tokenizer.json` of the Hugging Face tokenizers library describes it.
///
/// Special tokens are for those who build a conversation: they have names here, and no text is ever encoded as one.
public struct BPETokenizer: Tokenizer {
    public let vocabularySize: Int
    public let endOfText: Token
    private let ends: Set<Token>

    /// The bytes of all tokens, one after the other, and where each token's begin. Special tokens have none.
    private let pieces: [UInt8]
    private let pieceStarts: [Int]
    /// Numbers below ``vocabularySize`` that are no tokens.
    let unassigned: [Token]
    private let specials: [String: Token]

    private let normalizer: UnicodeNormalizer?
    private let words: WordSplitter
    private let merger: BytePairMerger
    /// Texts that are a token wherever they occur, the longest first; special tokens are not among them.
    private let verbatim: [Verbatim]
    /// Words that are a token as they are, where the file says that merges do not matter to those.
    private let wholeWords: [[UInt8]: Token]

    struct Verbatim {
        var text: [UInt8]
        var token: Token
    }

    init(_ file: TokenizerFile, vocabularySize: Int, ends: [Token]) {
        self.vocabularySize = vocabularySize
        self.ends = Set(ends)
        endOfText = ends[0]
        var pieces: [UInt8] = []
        var starts = [0]
        var unassigned: [Token] = []
        for token in 0..<Token(vocabularySize) {
            switch file.pieces[Int(token)] {
            case .text(let bytes): pieces += bytes
            case .special: break
            case nil: unassigned.append(token)
            }
            starts.append(pieces.count)
        }
        self.pieces = pieces
        pieceStarts = starts
        self.unassigned = unassigned
        specials = file.specials
        normalizer = file.normalizer
        words = file.words
        merger = file.merger
        verbatim = file.verbatim
        wholeWords = file.wholeWords
    }

    public func encode(_ text: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        tokens.reserveCapacity(text.count / 3)
        var workspace = BytePairMerger.Workspace()
        let starts = Set(verbatim.map { $0.text[0] })
        var start = 0
        var index = 0
        while index < text.count, !starts.isEmpty {
            guard starts.contains(text[index]),
                let found = verbatim.first(where: { text[index...].starts(with: $0.text) })
            else {
                index += 1
                continue
            }
            encode(text[start..<index], in: &workspace, into: &tokens)
            tokens.append(found.token)
            index += found.text.count
            start = index
        }
        encode(text[start...], in: &workspace, into: &tokens)
        return tokens
    }

    /// Encodes text with no verbatim token in it.
    private func encode(
        _ part: ArraySlice<UInt8>,
        in workspace: inout BytePairMerger.Workspace,
        into tokens: inout [Token]
    ) {
        if part.isEmpty { return }
        var text = normalizer?.normalize(part) ?? Array(part)
        if words.addsSpace, text[0] != UInt8(ascii: " ") { text.insert(UInt8(ascii: " "), at: 0) }
        let bytes = text.span
        words.forEachWord(bytes, 0..<bytes.count) { word in
            if !wholeWords.isEmpty, let token = wholeWords[bytes.copy(word)] {
                tokens.append(token)
            } else {
                merger.encode(bytes, word, in: &workspace, into: &tokens)
            }
        }
    }

    public func decode(_ token: Token, into text: inout [UInt8]) {
        guard token >= 0, Int(token) < vocabularySize else { return }
        text += pieces[pieceStarts[Int(token)]..<pieceStarts[Int(token) + 1]]
    }

    public func special(_ name: String) -> Token? { specials[name] }

    public func isEnd(_ token: Token) -> Bool { ends.contains(token) }
}

/// Words and parts of words of up to eight bytes, with single bytes for everything else.
///
/// The pieces are the most frequent ones of the text that the model learns. Encoding takes the longest piece at each
/// place, so a text has exactly one encoding and its number of tokens is well defined.
struct PieceTokenizer: Tokenizer {
    /// The longest piece in bytes: as many as fit into the word that looks it up.
    static let longestPiece = 8

    let endOfText: Token = 256
    private static let firstPiece: Token = 257

    /// Piece to token, and back. A piece is packed little-endian; no piece holds a zero byte.
    private var tokens: [UInt64: Token] = [:]
    private var pieces: [UInt64] = []

    /// Learns the pieces of some texts.
    /// - Parameter limit: The most pieces to keep, besides the 256 bytes.
    init(learning texts: [[UInt8]], limit: Int = 4096) {
        var counts: [UInt64: Int] = [:]
        for text in texts { Self.countPieces(of: text, into: &counts) }
        let frequent = counts.filter { $0.value >= 2 }.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
        pieces = frequent.prefix(limit).map(\.key)
        for (index, piece) in pieces.enumerated() { tokens[piece] = Self.firstPiece + Token(index) }
    }

    var vocabularySize: Int { Int(Self.firstPiece) + pieces.count }

    func encode(_ text: [UInt8]) -> [Token] {
        var encoded: [Token] = []
        encoded.reserveCapacity(text.count / 4)
        var start = 0
        while start < text.count {
            var token = Token(text[start])
            var length = 1
            var piece = UInt64(0)
            for offset in 0..<min(Self.longestPiece, text.count - start) {
                let byte = text[start + offset]
                if byte == 0 { break }
                piece |= UInt64(byte) << (8 * UInt64(offset))
                if offset > 0, let longer = tokens[piece] {
                    token = longer
                    length = offset + 1
                }
            }
            encoded.append(token)
            start += length
        }
        return encoded
    }

    func decode(_ token: Token, into text: inout [UInt8]) {
        if token < endOfText { return text.append(UInt8(token)) }
        guard token >= Self.firstPiece else { return }
        var piece = pieces[Int(token - Self.firstPiece)]
        while piece != 0 {
            text.append(UInt8(truncatingIfNeeded: piece))
            piece >>= 8
        }
    }

    /// Counts words, each with the space before it, cut after every eighth byte.
    private static func countPieces(of text: [UInt8], into counts: inout [UInt64: Int]) {
        var piece = UInt64(0)
        var length = 0
        func count() {
            if length >= 2 { counts[piece, default: 0] += 1 }
            piece = 0
            length = 0
        }
        for byte in text {
            if !isWord(byte) || length == longestPiece { count() }
            guard isWord(byte) || byte == UInt8(ascii: " ") else { continue }
            piece |= UInt64(byte) << (8 * UInt64(length))
            length += 1
        }
        count()
    }

    /// Letters, digits, and the bytes of characters beyond ASCII.
    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...: true
        default: false
        }
    }
}

/// Finds every place where the last tokens of a text were written before, and what came next there.
///
/// A suffix array (Manber and Myers, 1990) over the tokens that were learned: all contexts of all orders in four bytes
/// for each token. The places where a context occurs are one range of the array, and within that range the places are
/// sorted by the token that follows, so successors are counted by walking along.
struct SuffixTable: Sendable {
    /// The longest context that is looked up.
    let order: Int
    private let tokens: [Token]
    private let suffixes: [Int32]

    init(_ tokens: [Token], order: Int) {
        self.order = order
        self.tokens = tokens
        suffixes = tokens.withUnsafeBufferPointer { tokens in
            // Sorted by one token more than the longest context: by the token that follows it.
            (0..<Int32(tokens.count)).sorted { left, right in
                for offset in 0...order {
                    let (first, second) = (Int(left) + offset, Int(right) + offset)
                    if first == tokens.count || second == tokens.count { return first > second }
                    if tokens[first] != tokens[second] { return tokens[first] < tokens[second] }
                }
                return left < right
            }
        }
    }

    /// How often a token was learned.
    func count(of token: Token) -> Int { places(of: [token]).count }

    /// The places of the longest end of `context` that occurs at least `support` times, and the length of that end.
    ///
    /// When not even the last token does, all places are given for an empty context.
    func longestMatch(_ context: ArraySlice<Token>, support: Int) -> (places: Range<Int>, length: Int) {
        var match = (places: suffixes.startIndex..<suffixes.endIndex, length: 0)
        for length in 1..<(min(order, context.count) + 1) {
            let places = places(of: context.suffix(length))
            if places.count < (length == 1 ? 1 : support) { break }
            match = (places, length)
        }
        return match
    }

    /// Calls `body` with each token that follows in `places` after `length` tokens, and how often it does.
    func forEachSuccessor(_ places: Range<Int>, after length: Int, _ body: (Token, Int) -> Void) {
        var current: (token: Token, count: Int)?
        for place in places {
            let next = Int(suffixes[place]) + length
            guard next < tokens.count else { continue }
            if let run = current, run.token == tokens[next] {
                current = (run.token, run.count + 1)
            } else {
                if let run = current { body(run.token, run.count) }
                current = (tokens[next], 1)
            }
        }
        if let run = current { body(run.token, run.count) }
    }

    private func places(of context: ArraySlice<Token>) -> Range<Int> {
        let lower = partition { compare($0, context) >= 0 }
        return lower..<partition { compare($0, context) > 0 }
    }

    /// The first index of the array from which on `isRight` holds.
    private func partition(_ isRight: (Int) -> Bool) -> Int {
        var (lower, upper) = (0, suffixes.count)
        while lower < upper {
            let middle = (lower + upper) / 2
            if isRight(Int(suffixes[middle])) { upper = middle } else { lower = middle + 1 }
        }
        return lower
    }

    /// Whether the tokens at a place come before the context (below zero), begin with it (zero) or come after it.
    private func compare(_ place: Int, _ context: ArraySlice<Token>) -> Int {
        var position = place
        for token in context {
            guard position < tokens.count else { return -1 }
            if tokens[position] != token { return tokens[position] < token ? -1 : 1 }
            position += 1
        }
        return 0
    }
}

/// Byte-pair encoding (Sennrich, Haddow and Birch, 2016): merges the pair of neighbours that was learned first, until no
/// pair is left that was learned.
///
/// Neighbours are a linked list and pairs wait in a heap, so that a word of n bytes takes n log n steps.
struct BytePairMerger {
    /// What becomes of a pair: its rank, which is lower the earlier it was learned, and the token it becomes.
    private var merges: [UInt64: Merge] = [:]
    private let byteTokens: [Token]

    private struct Merge {
        var rank: UInt32
        var token: Token
    }

    /// - Parameter byteTokens: The token of each byte.
    init(byteTokens: [Token]) { self.byteTokens = byteTokens }

    mutating func learn(_ left: Token, _ right: Token, becomes token: Token) {
        let key = Self.key(left, right)
        // A pair that is listed twice keeps its first rank.
        if merges[key] == nil { merges[key] = Merge(rank: UInt32(merges.count), token: token) }
    }

    private static func key(_ left: Token, _ right: Token) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// The memory that words are merged in, kept from word to word.
    struct Workspace {
        fileprivate var parts: [Part] = []
        fileprivate var heap = MinimumHeap()
    }

    /// A token of the word; `token` is -1 once it has become part of the one before it.
    fileprivate struct Part {
        var token: Token
        var previous: Int32
        var next: Int32
        /// The rank of this part with the next one; `none` when they do not merge.
        var rank: UInt32

        static let none = UInt32.max
    }

    /// Appends the tokens of a word.
    func encode(
        _ text: borrowing Span<UInt8>,
        _ word: Range<Int>,
        in workspace: inout Workspace,
        into tokens: inout [Token]
    ) {
        if word.count == 1 { return tokens.append(byteTokens[Int(text[word.lowerBound])]) }
        workspace.parts.removeAll(keepingCapacity: true)
        for (index, position) in word.enumerated() {
            workspace.parts.append(
                Part(
                    token: byteTokens[Int(text[position])],
                    previous: Int32(index) - 1,
                    next: index + 1 < word.count ? Int32(index) + 1 : -1,
                    rank: Part.none
                )
            )
        }
        for index in 0..<word.count - 1 { offer(index, &workspace) }
        while let entry = workspace.heap.takeMinimum() {
            let index = Int(entry & 0xFFFF_FFFF)
            // Both parts may have become something else since.
            guard workspace.parts[index].rank == UInt32(entry >> 32) else { continue }
            merge(index, &workspace)
        }
        var index: Int32 = 0
        while index >= 0 {
            tokens.append(workspace.parts[Int(index)].token)
            index = workspace.parts[Int(index)].next
        }
    }

    /// Puts a part and the next one in the heap when they merge. Among equals the leftmost pair comes first.
    private func offer(_ index: Int, _ workspace: inout Workspace) {
        let part = workspace.parts[index]
        guard part.next >= 0, let merge = merges[Self.key(part.token, workspace.parts[Int(part.next)].token)] else {
            workspace.parts[index].rank = Part.none
            return
        }
        workspace.parts[index].rank = merge.rank
        workspace.heap.insert(UInt64(merge.rank) << 32 | UInt64(index))
    }

    private func merge(_ index: Int, _ workspace: inout Workspace) {
        let part = workspace.parts[index]
        let second = Int(part.next)
        let after = workspace.parts[second].next
        workspace.parts[index].token = merges[Self.key(part.token, workspace.parts[second].token)]!.token
        workspace.parts[index].next = after
        workspace.parts[second] = Part(token: -1, previous: -1, next: -1, rank: Part.none)
        if after >= 0 { workspace.parts[Int(after)].previous = Int32(index) }
        offer(index, &workspace)
        if part.previous >= 0 { offer(Int(part.previous), &workspace) }
    }
}

/// A binary heap of numbers, the smallest first.
struct MinimumHeap {
    private var numbers: [UInt64] = []

    mutating func insert(_ number: UInt64) {
        var index = numbers.count
        numbers.append(number)
        while index > 0 {
            let parent = (index - 1) / 2
            if numbers[parent] <= number { break }
            numbers[index] = numbers[parent]
            index = parent
        }
        numbers[index] = number
    }

    mutating func takeMinimum() -> UInt64? {
        guard let minimum = numbers.first else { return nil }
        let last = numbers.removeLast()
        if numbers.isEmpty { return minimum }
        var index = 0
        while true {
            var child = 2 * index + 1
            if child >= numbers.count { break }
            if child + 1 < numbers.count, numbers[child + 1] < numbers[child] { child += 1 }
            if last <= numbers[child] { break }
            numbers[index] = numbers[child]
            index = child
        }
        numbers[index] = last
        return minimum
    }
}

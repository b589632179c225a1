/// Makes text out of the bytes of tokens: it holds back what may become a stop string or a mark and the beginning of a
/// character, and gives out valid UTF-8 only.
struct TextAssembler {
    /// What the text has come to.
    enum Match: Equatable {
        case none
        /// A stop string is complete. It and what follows is dropped.
        case stop
        /// The mark is complete, and this many of the last bytes come behind it. They are not text.
        case mark(rest: Int)
    }

    /// Stop strings, and then the mark if there is one.
    private let ends: [[UInt8]]
    private let hasMark: Bool
    private var held: [UInt8] = []
    /// How many of the bytes that came have been given out; more of them may be held, or were dropped.
    private(set) var released = 0

    /// - Parameter mark: A text behind which something other than text begins.
    init(stops: [[UInt8]], mark: [UInt8]? = nil) {
        ends = stops + (mark.map { [$0] } ?? [])
        hasMark = mark != nil
    }

    /// Takes the bytes of a token and replaces `ready` by what can be given out now.
    mutating func append(_ bytes: some Sequence<UInt8>, ready: inout [UInt8]) -> Match {
        held.append(contentsOf: bytes)
        if let (start, end) = firstEnd() {
            let rest = held.count - start - ends[end].count
            release(start, into: &ready)
            held.removeAll(keepingCapacity: true)
            return hasMark && end == ends.count - 1 ? .mark(rest: rest) : .stop
        }
        release(held.count - max(partialEnd(), partialCharacter()), into: &ready)
        return .none
    }

    /// Replaces `ready` by what is still held: nothing will follow.
    mutating func flush(ready: inout [UInt8]) { release(held.count, into: &ready) }

    /// How many of the bytes would come behind the mark; `nil` when they would not complete it.
    func rest(after bytes: some Sequence<UInt8>) -> Int? {
        var copy = self
        var ready: [UInt8] = []
        if case .mark(let rest) = copy.append(bytes, ready: &ready) { return rest }
        return nil
    }

    private mutating func release(_ count: Int, into ready: inout [UInt8]) {
        released += count
        ready.removeAll(keepingCapacity: true)
        if held[..<count].allSatisfy({ $0 < 0x80 }) {
            ready.append(contentsOf: held[..<count])
        } else {
            // A model may write anything; what is no character becomes U+FFFD.
            ready.append(contentsOf: String(decoding: held[..<count], as: UTF8.self).utf8)
        }
        held.removeFirst(count)
    }

    /// Where the earliest stop string or mark begins, and which one it is.
    private func firstEnd() -> (start: Int, end: Int)? {
        guard !ends.isEmpty else { return nil }
        for start in held.indices {
            if let end = ends.firstIndex(where: { held[start...].starts(with: $0) }) { return (start, end) }
        }
        return nil
    }

    /// The length of the longest end of `held` with which a stop string or the mark begins.
    private func partialEnd() -> Int {
        guard !ends.isEmpty else { return 0 }
        let start = held.indices.first { start in ends.contains { $0.starts(with: held[start...]) } }
        return start.map { held.count - $0 } ?? 0
    }

    /// The length of a character that has only begun; 0 when `held` ends with a whole one or with none.
    private func partialCharacter() -> Int {
        for length in 1..<(min(3, held.count) + 1) {
            let byte = held[held.count - length]
            if byte & 0xC0 == 0x80 { continue }
            let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return needed > length ? length : 0
        }
        return 0
    }
}

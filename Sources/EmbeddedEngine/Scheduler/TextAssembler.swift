/// Makes text out of the bytes of tokens: it holds back what may become a stop string and the beginning of a
/// character, and gives out valid UTF-8 only.
struct TextAssembler {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []

    init(stops: [[UInt8]]) { self.stops = stops }

    /// Takes the bytes of a token and replaces `ready` by what can be given out now.
    /// - Returns: Whether a stop string is complete. It and what follows is dropped.
    mutating func append(_ bytes: [UInt8], ready: inout [UInt8]) -> Bool {
        held.append(contentsOf: bytes)
        if let stop = firstStop() {
            release(stop, into: &ready)
            held.removeAll(keepingCapacity: true)
            return true
        }
        release(held.count - max(partialStop(), partialCharacter()), into: &ready)
        return false
    }

    /// Replaces `ready` by what is still held: nothing will follow.
    mutating func flush(ready: inout [UInt8]) { release(held.count, into: &ready) }

    private mutating func release(_ count: Int, into ready: inout [UInt8]) {
        ready.removeAll(keepingCapacity: true)
        if held[..<count].allSatisfy({ $0 < 0x80 }) {
            ready.append(contentsOf: held[..<count])
        } else {
            // A model may write anything; what is no character becomes U+FFFD.
            ready.append(contentsOf: String(decoding: held[..<count], as: UTF8.self).utf8)
        }
        held.removeFirst(count)
    }

    /// Where the earliest stop string begins.
    private func firstStop() -> Int? {
        guard !stops.isEmpty else { return nil }
        return held.indices.first { start in stops.contains { held[start...].starts(with: $0) } }
    }

    /// The length of the longest end of `held` with which a stop string begins.
    private func partialStop() -> Int {
        guard !stops.isEmpty else { return 0 }
        let start = held.indices.first { start in stops.contains { $0.starts(with: held[start...]) } }
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

/// Masks API keys in a stream, also where a key was cut by the end of a read. Lengths stay.
struct KeyMask {
    /// Bytes that may be the beginning of a key and whose end has not come.
    private var held: [UInt8] = []
    /// Whether a key goes on that is longer than what is held.
    private var isInside = false

    /// More than any key is long. A longer word goes out, and what of it looked like a key is masked to its end.
    private static let longest = 1_024

    /// Whether everything that came has gone out.
    var isIdle: Bool { held.isEmpty && !isInside }

    /// Whether nothing in the bytes is to be masked, whatever comes before and after them, when nothing is held.
    static func isClean(_ bytes: [UInt8]) -> Bool {
        suspect(bytes) == bytes.count && KeyPattern.ranges(in: bytes).isEmpty
    }

    /// Takes bytes.
    /// - Returns: What is settled by now: as many bytes as came and were not returned before, but for those held back.
    mutating func receive(_ bytes: [UInt8]) -> [UInt8] {
        if isIdle, Self.isClean(bytes) { return bytes }
        held += bytes
        var start = 0
        if isInside {
            start = held.firstIndex { !KeyPattern.isKeyByte($0) } ?? held.count
            Secrets.mask(&held, 0..<start)
            isInside = start == held.count
        }
        let settled = Self.suspect(held)
        if held.count - settled > Self.longest { return release(held.count, cut: true) }
        return release(max(settled, start), cut: false)
    }

    /// The rest.
    mutating func finish() -> [UInt8] { release(held.count, cut: false) }

    private mutating func release(_ count: Int, cut: Bool) -> [UInt8] {
        var settled = Array(held[..<count])
        held.removeFirst(count)
        let ranges = KeyPattern.ranges(in: settled)
        for range in ranges { Secrets.mask(&settled, range) }
        if cut { isInside = isInside || ranges.last?.upperBound == settled.count }
        return settled
    }

    /// Where the last word begins that the next bytes may go on with; the count when there is none.
    private static func suspect(_ bytes: [UInt8]) -> Int {
        var start = bytes.count
        while start > 0, bytes.count - start <= longest, KeyPattern.isKeyByte(bytes[start - 1]) { start -= 1 }
        // "Bearer " is a word and a blank that belong to what follows.
        let bearer = Array("bearer ".utf8)
        if start >= bearer.count, bytes[(start - bearer.count)..<start].elementsEqual(bearer, by: { $0 | 0x20 == $1 }) {
            start -= bearer.count
        }
        // The backslash of an escape decides whether a word begins behind it.
        if start > 0, bytes[start - 1] == UInt8(ascii: "\\") { start -= 1 }
        return start
    }
}

extension Span<UInt8> {
    /// Whether the bytes in `range` are those of an ASCII word.
    public func equals(_ range: Range<Int>, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount, range.lowerBound >= 0, range.upperBound <= count else {
            return false
        }
        // A static string's bytes live as long as the program, and the index stays below their count.
        let start = word.utf8Start
        for offset in 0..<range.count where self[range.lowerBound + offset] != start[offset] { return false }
        return true
    }

    /// Whether a string token is an ASCII word. A token with escapes is compared as it is written.
    public func equals(_ token: JSONReader.StringToken, _ word: StaticString) -> Bool { equals(token.range, word) }

    /// A copy of the bytes in `range`.
    public func copy(_ range: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        append(range, to: &bytes)
        return bytes
    }

    /// Appends the bytes in `range` to an array.
    public func append(_ range: Range<Int>, to bytes: inout [UInt8]) {
        extracting(range).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }
}

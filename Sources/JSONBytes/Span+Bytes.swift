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

    /// The part of `range` that is left without JSON whitespace at either end.
    public func trimmed(_ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, isWhitespace(self[start]) { start += 1 }
        while end > start, isWhitespace(self[end - 1]) { end -= 1 }
        return start..<end
    }

    private func isWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    /// The index of the next byte at or after `start` that ends plain text in a JSON string: a quote, a backslash, or a
    /// control character. `count` when there is none.
    ///
    /// Eight bytes at a time: subtracting from a byte that is too small borrows into its top bit, and the lowest such bit
    /// is never a borrow from below (Hacker's Delight, §6-1). Bytes above 0x7F never count as small, so UTF-8 passes.
    func endOfPlainText(from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        return withUnsafeBytes { buffer in
            var index = start
            let end = buffer.count
            // The load stays inside the buffer: eight bytes are left.
            while index + 8 <= end {
                let word = UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
                let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
                let hits =
                    (((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
                        | ((word &- (ones &* 0x20)) & ~word)) & (ones &* 0x80)
                if hits != 0 { return index + hits.trailingZeroBitCount / 8 }
                index += 8
            }
            while index < end {
                let byte = buffer[index]
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return index }
                index += 1
            }
            return index
        }
    }
}

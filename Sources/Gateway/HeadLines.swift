internal import NIOCore
internal import NIOHTTP1

// A head of HTTP/1 as lines of bytes, read and written without a string for every step.

extension Span<UInt8> {
    /// The line that begins at `start`, without its end; moves `start` behind it. `nil` when no line feed follows.
    func line(from start: inout Int) -> Range<Int>? {
        var end = start
        while end < count, self[end] != UInt8(ascii: "\n") { end += 1 }
        guard end < count else { return nil }
        let first = start
        start = end + 1
        return first..<(end > first && self[end - 1] == UInt8(ascii: "\r") ? end - 1 : end)
    }

    /// The bytes in `range` without the blanks and tabs at either end.
    func withoutBlanks(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isBlank(self[start]) { start += 1 }
        while end > start, isBlank(self[end - 1]) { end -= 1 }
        return start..<end
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// The bytes in `range` as text.
    func text(_ range: Range<Int>) -> String {
        extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}

extension ByteBuffer {
    /// Writes a head: its first line, the fields, and the blank line.
    mutating func writeHead(_ line: String, _ headers: HTTPHeaders) {
        var size = line.utf8.count + 4
        for (name, value) in headers { size += name.utf8.count + value.utf8.count + 4 }
        writeWithUnsafeMutableBytes(minimumWritableBytes: size) { bytes in
            var end = bytes.copy(line, at: 0)
            for (name, value) in headers {
                end = bytes.copy("\r\n", at: end)
                end = bytes.copy(name, at: end)
                end = bytes.copy(": ", at: end)
                end = bytes.copy(value, at: end)
            }
            return bytes.copy("\r\n\r\n", at: end)
        }
    }

    /// Writes a chunk in one piece.
    mutating func writeChunk(_ data: ByteBuffer) {
        writeChunkSize(data.readableBytes)
        writeImmutableBuffer(data)
        writeStaticString("\r\n")
    }

    /// Writes the line before a chunk.
    mutating func writeChunkSize(_ size: Int) {
        var shift = (Int.bitWidth - max(size, 1).leadingZeroBitCount - 1) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: size >> shift & 0xF)
            writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            shift -= 4
        }
        writeStaticString("\r\n")
    }

    /// Writes what ends a chunked body.
    mutating func writeLastChunk(_ trailers: HTTPHeaders?) {
        guard let trailers, !trailers.isEmpty else {
            writeStaticString("0\r\n\r\n")
            return
        }
        writeHead("0", trailers)
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Copies a text to a place; the place behind it.
    fileprivate func copy(_ text: String, at start: Int) -> Int {
        var text = text
        return text.withUTF8 { source in
            UnsafeMutableRawBufferPointer(rebasing: self[start..<start + source.count]).copyMemory(from: .init(source))
            return start + source.count
        }
    }
}

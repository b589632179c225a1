import JSONBytes

/// The text of a tool's result: a string, or a list of parts joined by newlines.
///
/// A part that is no text, such as an image, is stood for by a digest of its bytes: two screenshots that differ are two
/// different results. What marks a part without changing it (`cache_control`) is left out.
enum ResultText {
    /// Reads the value that comes next and appends its text.
    static func read(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader, into text: inout [UInt8]) {
        switch reader.peek(body) {
        case .string:
            if let token = reader.readString(body) { JSONString.decode(body, token, into: &text) }
        case .array:
            var joined = text
            reader.readArray(body) { _, reader in
                if !joined.isEmpty { joined.append(0x0A) }
                readPart(body, &reader, into: &joined)
            }
            text = joined
        case .null: reader.skipValue(body)
        default: body.append(reader.skipValue(body), to: &text)
        }
    }

    private static func readPart(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader, into text: inout [UInt8]) {
        guard reader.peek(body) == .object else {
            if let token = reader.readStringOrSkip(body) { JSONString.decode(body, token, into: &text) }
            return
        }
        var part: [UInt8] = []
        var hasText = false
        var digest: UInt64?
        reader.readObject(body) { key, reader in
            if body.equals(key, "text"), let token = reader.readStringOrSkip(body) {
                hasText = true
                JSONString.decode(body, token, into: &part)
            } else if body.equals(key, "type") || body.equals(key, "cache_control") || body.equals(key, "text") {
                if !body.equals(key, "text") { reader.skipValue(body) }
            } else {
                digest = mix(body, reader.skipValue(body), into: digest ?? 0xCBF2_9CE4_8422_2325)
            }
        }
        if hasText {
            text.append(contentsOf: part)
        } else if let digest {
            text.append(contentsOf: "[part \(String(digest, radix: 16))]".utf8)
        }
    }

    /// FNV-1a (Fowler, Noll, Vo) over words of eight bytes, which tells images apart at memory speed.
    private static func mix(_ body: borrowing Span<UInt8>, _ range: Range<Int>, into seed: UInt64) -> UInt64 {
        body.extracting(range).withUnsafeBytes { bytes in
            var hash = seed
            var index = 0
            // The load stays inside the buffer: eight bytes are left.
            while index + 8 <= bytes.count {
                hash = (hash ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0x100_0000_01B3
                hash ^= hash >> 29
                index += 8
            }
            while index < bytes.count {
                hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3
                index += 1
            }
            return hash
        }
    }
}

extension JSONReader {
    /// Reads the arguments of a call: the contents of a string, or any other value as it is written.
    mutating func arguments(_ body: borrowing Span<UInt8>) -> [UInt8] {
        guard peek(body) == .string else { return body.copy(skipValue(body)) }
        var arguments: [UInt8] = []
        if let token = readString(body) { JSONString.decode(body, token, into: &arguments) }
        return arguments
    }
}

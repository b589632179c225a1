internal import Engines
internal import JSONBytes

/// The id that the engine gives its answer, found in the first bytes of a stream.
enum EngineID {
    private static let longest = 128

    /// The first `"id":"…"` in the bytes; `nil` when there is none, or none that can be used in a path as it is.
    static func find(in bytes: Span<UInt8>) -> String? {
        var index = 0
        while index + 6 < min(bytes.count, 1_024) {
            if bytes[index] == UInt8(ascii: "\""), bytes.equals(index..<index + 4, "\"id\"") {
                return value(in: bytes, after: index + 4)
            }
            index += 1
        }
        return nil
    }

    private static func value(in bytes: Span<UInt8>, after start: Int) -> String? {
        var index = start
        while index < bytes.count, bytes[index] == UInt8(ascii: ":") || bytes[index] == UInt8(ascii: " ") { index += 1 }
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return nil }
        let first = index + 1
        index = first
        while index < bytes.count, EngineRunID.isPlain(bytes[index]) { index += 1 }
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\""), (1...longest).contains(index - first) else {
            return nil
        }
        return String(decoding: bytes.copy(first..<index), as: UTF8.self)
    }
}

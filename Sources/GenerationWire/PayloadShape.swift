import JSONBytes

/// The bytes around the text of a delta, when payload after payload has the same ones.
///
/// Engines send hundreds of payloads that differ in one string alone. Where the bytes before that string and the bytes
/// after it are those of a payload that was read in full, the new payload says the same with another text: the JSON need
/// not be read again. The comparison is of every byte, so this is a shortcut and no guess.
struct PayloadShape: Sendable {
    private var before: [UInt8] = []
    private var after: [UInt8] = []
    private var event: WireEvent?
    private var misses = 0

    /// After so many payloads that did not fit, the engine is taken for one whose payloads always differ, by their usage
    /// or by padding, and nothing is compared or kept any more.
    private static let patience = 16

    /// What the payload says, when it has the shape.
    mutating func match(_ payload: borrowing Span<UInt8>) -> WireEvent? {
        guard var event, payload.count >= before.count + after.count, payload.begins(with: before) else {
            return nil
        }
        var reader = JSONReader(at: before.count)
        guard let token = reader.readStringContents(payload), !token.range.isEmpty,
            payload.count - token.range.upperBound == after.count,
            payload.extracting(token.range.upperBound..<payload.count).begins(with: after)
        else { return nil }
        event.text = token
        misses = 0
        return event
    }

    /// Keeps the shape of a payload that was read in full and said this and nothing else.
    mutating func learn(_ payload: borrowing Span<UInt8>, saying said: WireEvent) {
        guard misses < Self.patience else { return }
        misses += 1
        if misses == Self.patience {
            event = nil
            return
        }
        // Ranges other than the text's would have to move with it.
        guard said.id == nil, said.name == nil, !said.text.range.isEmpty, said.text.range.lowerBound > 0,
            payload[said.text.range.lowerBound - 1] == UInt8(ascii: "\"")
        else { return }
        before.removeAll(keepingCapacity: true)
        after.removeAll(keepingCapacity: true)
        payload.append(0..<said.text.range.lowerBound, to: &before)
        payload.append(said.text.range.upperBound..<payload.count, to: &after)
        event = said
    }
}

extension Span<UInt8> {
    fileprivate func begins(with bytes: [UInt8]) -> Bool {
        guard count >= bytes.count else { return false }
        // Eight bytes at a time; both loads stay below `bytes.count`.
        return bytes.withUnsafeBytes { expected in
            withUnsafeBytes { found in
                var index = 0
                while index + 8 <= expected.count {
                    let left = expected.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                    if left != found.loadUnaligned(fromByteOffset: index, as: UInt64.self) { return false }
                    index += 8
                }
                while index < expected.count {
                    if expected[index] != found[index] { return false }
                    index += 1
                }
                return true
            }
        }
    }
}

/// The last bytes of a channel, addressed by their offset in the channel.
///
/// One buffer serves every detector: lines, sentences and segments are ranges of it, so that no detector keeps text of
/// its own. It starts small and grows with the channel, because most streams are short.
struct ChannelTail: Sendable {
    /// The bytes that are still here, oldest first.
    private(set) var bytes: [UInt8] = []
    /// The channel offset of the first of them.
    private(set) var start = 0

    private let kept: Int
    private let limit: Int

    /// Creates a buffer that always holds the last `kept` bytes, and at times up to an eighth more.
    init(keeping kept: Int) {
        self.kept = kept
        limit = kept + max(kept / 8, 256)
    }

    /// The channel offset behind the last byte.
    var end: Int { start + bytes.count }

    /// Adds the first bytes of a text. What is dropped, and when, does not depend on how the text is cut.
    mutating func append(_ text: Span<UInt8>, _ count: Int) {
        var index = 0
        while index < count {
            if bytes.count == limit { dropOldest() }
            let fitting = min(count - index, limit - bytes.count)
            if bytes.count + fitting > bytes.capacity { grow(to: bytes.count + fitting) }
            text.extracting(index..<index + fitting).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
            index += fitting
        }
    }

    /// The indices in ``bytes`` of what is still here of a range of channel offsets.
    func indices(of range: Range<Int>) -> Range<Int> {
        let lower = min(max(range.lowerBound, start), end)
        return lower - start..<min(max(range.upperBound, lower), end) - start
    }

    private mutating func dropOldest() {
        let excess = limit - kept
        bytes.removeFirst(excess)
        start += excess
    }

    /// Doubles the buffer, but not beyond its limit.
    private mutating func grow(to needed: Int) {
        bytes.reserveCapacity(min(limit, max(1_024, needed, bytes.count * 2)))
    }
}

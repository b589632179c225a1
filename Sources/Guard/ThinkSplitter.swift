/// Tells reasoning from answer where an engine writes both into `content`, as `<think>…</think>` in front of the answer.
///
/// Only a tag that opens the text counts: a model that writes *about* the tag later does not switch channels. A tag may
/// be cut anywhere; its bytes are held back (at most eight of them, from the detectors only, never from the client) until
/// it is clear what they are.
struct ThinkSplitter: Sendable {
    private enum State: Equatable {
        /// Only whitespace so far, and this many bytes of `<think>`.
        case beforeText(matched: Int)
        /// Inside, with this many bytes of `</think>`.
        case inside(matched: Int)
        /// What comes is answer.
        case answer
    }

    private var state = State.beforeText(matched: 0)
    private static let opening = Array("<think>".utf8)
    private static let closing = Array("</think>".utf8)

    /// Whether the text so far ends inside an open `<think>`.
    var isInside: Bool {
        if case .inside = state { return true }
        return false
    }

    /// Cuts a delta into pieces; `piece` gets each with whether it is reasoning.
    mutating func split(_ bytes: borrowing Span<UInt8>, _ piece: (Span<UInt8>, _ isReasoning: Bool) -> Void) {
        var start = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch state {
            case .answer:
                index = bytes.count
            case .beforeText(let matched):
                if byte == Self.opening[matched] {
                    index += 1
                    if matched + 1 == Self.opening.count {
                        state = .inside(matched: 0)
                        start = index
                    } else {
                        state = .beforeText(matched: matched + 1)
                    }
                } else if matched == 0, byte <= 0x20 {
                    index += 1
                } else {
                    state = .answer
                    // What looked like a tag and came with earlier deltas is text after all.
                    let earlier = matched - (index - start)
                    if earlier > 0 { piece(Self.opening.span.extracting(0..<earlier), false) }
                }
            case .inside(let matched):
                if byte == Self.closing[matched] {
                    index += 1
                    if matched + 1 == Self.closing.count {
                        let end = max(start, index - Self.closing.count)
                        if end > start { piece(bytes.extracting(start..<end), true) }
                        state = .answer
                        start = index
                    } else {
                        state = .inside(matched: matched + 1)
                    }
                } else {
                    state = .inside(matched: 0)
                    let earlier = matched - (index - start)
                    if earlier > 0 { piece(Self.closing.span.extracting(0..<earlier), true) }
                    if matched == 0 { index += 1 }
                }
            }
        }
        let kept: Int =
            switch state {
            case .answer: 0
            case .beforeText(let matched), .inside(let matched): matched
            }
        let end = max(start, bytes.count - kept)
        if end > start { piece(bytes.extracting(start..<end), isInside) }
    }
}

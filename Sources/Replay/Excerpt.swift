import Guard
import LoopDetection

/// The text around a stop, cut so that the repetition shows.
public struct Excerpt: Sendable, Equatable, Codable {
    /// A piece of the text.
    public struct Piece: Sendable, Equatable, Codable {
        /// The text; bytes that are no UTF-8 are shown by the replacement character.
        public var text: String
        /// The place among the copies of what repeats itself, when it is one; neighbours differ by one.
        public var copy: Int?
        /// Whether the client would have been spared it.
        public var isSpared = false
        /// How many bytes are left out before it.
        public var omitted = 0
    }

    /// The pieces in their order.
    public private(set) var pieces: [Piece] = []

    /// How much is shown before the first copy, after it, before the stop and after it, in bytes.
    static let before = 240
    static let beginning = 480
    static let ending = 480
    static let after = 360

    /// Cuts recent text.
    /// - Parameters:
    ///   - recent: The text, going on a little beyond the stop.
    ///   - stop: The offset at which the verdict stood.
    ///   - evidence: Why: what repeats itself, and where it begins.
    init(_ recent: GuardedStream.RecentText, stop: Int, _ evidence: Evidence) {
        let copies = Copies(recent, stop: stop, evidence).ranges
        var windows = [stop - Self.ending..<stop + Self.after]
        if let first = copies.first?.lowerBound, first < stop - Self.ending {
            let window = first - Self.before..<first + Self.beginning
            if window.upperBound >= windows[0].lowerBound {
                windows[0] = window.lowerBound..<windows[0].upperBound
            } else {
                windows.insert(window, at: 0)
            }
        }
        var shown = 0
        for window in windows {
            let window = window.clamped(to: recent.start..<recent.end)
            var cuts: Set = [window.lowerBound, window.upperBound, stop]
            for copy in copies { cuts.formUnion([copy.lowerBound, copy.upperBound]) }
            let bounds = cuts.filter { window.lowerBound <= $0 && $0 <= window.upperBound }.sorted()
            var place = copies.startIndex
            for (from, to) in zip(bounds, bounds.dropFirst()) {
                while place < copies.endIndex, copies[place].upperBound <= from { place += 1 }
                let isCopy = place < copies.endIndex && copies[place].lowerBound <= from
                let (lower, upper) = (recent.boundary(from), recent.boundary(to))
                guard lower < upper else { continue }
                pieces.append(
                    Piece(
                        text: String(
                            decoding: recent.bytes[lower - recent.start..<upper - recent.start],
                            as: UTF8.self
                        ),
                        copy: isCopy ? place : nil,
                        isSpared: from >= stop,
                        omitted: lower - max(shown, pieces.isEmpty ? 0 : shown)
                    )
                )
                shown = upper
            }
        }
    }
}

extension GuardedStream.RecentText {
    /// The offset, or the next one at which a character begins.
    fileprivate func boundary(_ offset: Int) -> Int {
        var offset = offset
        while offset < end, offset > start, bytes[offset - start] & 0xC0 == 0x80 { offset += 1 }
        return offset
    }
}

/// Where in a text the copies lie of what a verdict says repeats itself.
private struct Copies {
    var ranges: [Range<Int>] = []
    /// A unit shorter than this is not marked copy by copy.
    private static let shortest = 4

    init(_ recent: GuardedStream.RecentText, stop: Int, _ evidence: Evidence) {
        if let period = evidence.integer("period"), let start = evidence.integer("start") {
            addCopies(recent, from: start, period: period)
        } else if let start = evidence.integer("start") {
            let deltas = evidence.integer("deltas")
            let unit = deltas.map { (evidence.integer("span") ?? 0) / max(1, $0) }
            if let unit, unit > 0 {
                addCopies(recent, from: start, period: unit)
            } else if start < stop {
                ranges = [start..<stop]
            }
        } else if let line = evidence.text("line") ?? evidence.text("template") {
            addLines(recent, like: line)
        } else {
            for text in [evidence.text("like"), evidence.text("sentence")] { if let text { add(recent, text) } }
            ranges.sort { $0.lowerBound < $1.lowerBound }
        }
    }

    /// The unit for as long as it repeats itself, beyond the stop as well.
    private mutating func addCopies(_ recent: GuardedStream.RecentText, from start: Int, period: Int) {
        guard period > 0, start >= recent.start, start + period <= recent.end else { return }
        var end = start + period
        while end < recent.end, recent.bytes[end - recent.start] == recent.bytes[end - period - recent.start] {
            end += 1
        }
        let step = period * ((Self.shortest + period - 1) / period)
        ranges = stride(from: start, to: end, by: step).map { $0..<min($0 + step, end) }
    }

    /// Lines that are equal but for case, spaces and digits.
    private mutating func addLines(_ recent: GuardedStream.RecentText, like line: String) {
        let wanted = Self.folded(Array(line.utf8)[...])
        guard !wanted.isEmpty else { return }
        var start = recent.bytes.startIndex
        while start < recent.bytes.endIndex {
            let end = recent.bytes[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? recent.bytes.endIndex
            if Self.folded(recent.bytes[start..<end]).starts(with: wanted) {
                ranges.append(recent.start + start..<recent.start + end)
            }
            start = end
        }
    }

    private static func folded(_ line: ArraySlice<UInt8>) -> [UInt8] {
        line.compactMap { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 0x20
            case 0...0x20, UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: ">"): nil
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "#"): nil
            default: byte
            }
        }
    }

    private mutating func add(_ recent: GuardedStream.RecentText, _ text: String) {
        let wanted = Array(text.utf8)
        guard !wanted.isEmpty, wanted.count <= recent.bytes.count else { return }
        var start = 0
        while start + wanted.count <= recent.bytes.count {
            if recent.bytes[start] == wanted[0], recent.bytes[start..<start + wanted.count].elementsEqual(wanted) {
                let range = recent.start + start..<recent.start + start + wanted.count
                if !ranges.contains(where: { $0.overlaps(range) }) { ranges.append(range) }
                start += wanted.count
            } else {
                start += 1
            }
        }
    }
}

extension Evidence {
    fileprivate func integer(_ name: String) -> Int? {
        if case .integer(let value) = self[name] { return value }
        return nil
    }

    fileprivate func text(_ name: String) -> String? {
        if case .text(let value) = self[name] { return value }
        return nil
    }
}

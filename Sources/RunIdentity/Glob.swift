/// A pattern in which `*` stands for any number of characters. ASCII letters match in either case.
package struct Glob: Sendable, Equatable {
    /// The pattern as it was written.
    package let pattern: String
    private let bytes: [UInt8]

    /// A pattern.
    package init(_ pattern: String) {
        self.pattern = pattern
        bytes = pattern.utf8.map(Self.folded)
    }

    /// Whether all of `text` matches.
    ///
    /// On a mismatch the last `*` takes one character more, which is enough because an earlier one could gain nothing
    /// by it. So the work is at most the product of both lengths, without recursion.
    package func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches($0) }
    }

    /// Whether a text matches one of several patterns, without a copy of any.
    package static func any(of patterns: [Glob], matches text: String) -> Bool {
        var text = text
        let globs = patterns.span
        return text.withUTF8 { text in
            for index in globs.indices where globs[index].matches(text) { return true }
            return false
        }
    }

    private func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var (place, next) = (0, 0)
        var retry: (place: Int, next: Int)?
        while next < text.count {
            if place < bytes.count, bytes[place] == UInt8(ascii: "*") {
                place += 1
                retry = (place, next)
            } else if place < bytes.count, bytes[place] == Self.folded(text[next]) {
                place += 1
                next += 1
            } else if let last = retry {
                retry = (last.place, last.next + 1)
                (place, next) = (last.place, last.next + 1)
            } else {
                return false
            }
        }
        return bytes[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// The byte with an upper-case ASCII letter made lower.
    package static func folded(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

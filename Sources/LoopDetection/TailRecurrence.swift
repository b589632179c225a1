/// Finds where the end of a text occurs again, sixteen places at a time.
///
/// In ordinary text the last sixteen bytes rarely recur within the longest period, and a period for which they do not
/// cannot convict. So a scan mostly is this search and nothing else.
struct TailRecurrence {
    /// The bytes at the end that are looked for, two machine words.
    static let probe = 16

    /// The last byte of the text, and how many bytes may be read up to there.
    private let last: UnsafePointer<UInt8>
    private let longest: Int
    private let nearWord: UInt64
    private let farWord: UInt64
    // Three bytes of the probe, one of them at an odd distance: two alone let one place in sixteen of prose pass.
    private let nearest: SIMD16<UInt8>
    private let middle: SIMD16<UInt8>
    private let farthest: SIMD16<UInt8>

    /// Prepares to look for the end of a text at distances up to `limit`.
    /// - Parameters:
    ///   - last: The last byte of the text.
    ///   - count: The bytes of the text, more than ``probe``.
    ///   - limit: The longest distance.
    init(last: UnsafePointer<UInt8>, count: Int, limit: Int) {
        self.last = last
        longest = min(limit, count - Self.probe)
        nearWord = word(endingAt: last)
        farWord = word(endingAt: last - 8)
        nearest = SIMD16(repeating: last[0])
        middle = SIMD16(repeating: last[-6])
        farthest = SIMD16(repeating: last[-15])
    }

    /// The shortest distance from `distance` on at which the probe occurs again.
    ///
    /// The lowest byte read is the one 15 before `last - longest`, and `longest + probe <= count` keeps it in the text.
    func next(from distance: Int) -> Int? {
        var distance = distance
        // Where the text has a short period, the next place is often the right one.
        if distance <= longest, occurs(at: distance) { return distance }
        while distance + 15 <= longest {
            // Lane 15 of each vector belongs to `distance`, lane 0 to `distance + 15`.
            let ends = Self.vector(last - (distance + 15)) .== nearest
            let middles = Self.vector(last - (distance + 21)) .== middle
            let starts = Self.vector(last - (distance + 30)) .== farthest
            let lanes = unsafeBitCast(ends .& middles .& starts, to: SIMD2<UInt64>.self)
            if lanes[0] | lanes[1] != 0,
                let found = first(of: lanes[1], from: distance) ?? first(of: lanes[0], from: distance + 8)
            {
                return found
            }
            distance += 16
        }
        while distance <= longest {
            if occurs(at: distance) { return distance }
            distance += 1
        }
        return nil
    }

    /// The first place of those that a mask allows, eight bits each, at which the probe occurs. Its highest bits belong
    /// to `distance`, because memory is read backwards here.
    private func first(of mask: UInt64, from distance: Int) -> Int? {
        var lanes = mask
        while lanes != 0 {
            let lane = lanes.leadingZeroBitCount / 8
            if occurs(at: distance + lane) { return distance + lane }
            lanes &= ~(0xFF00_0000_0000_0000 >> UInt64(lane * 8))
        }
        return nil
    }

    @inline(__always)
    private func occurs(at distance: Int) -> Bool {
        word(endingAt: last - distance) == nearWord && word(endingAt: last - distance - 8) == farWord
    }

    @inline(__always)
    private static func vector(_ first: UnsafePointer<UInt8>) -> SIMD16<UInt8> {
        UnsafeRawPointer(first).loadUnaligned(as: SIMD16<UInt8>.self)
    }
}

/// Eight bytes as a number whose highest bits are the last of them.
@inline(__always)
func word(endingAt last: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(last - 7).loadUnaligned(as: UInt64.self))
}

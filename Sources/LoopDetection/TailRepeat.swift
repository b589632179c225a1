/// `tail_repeat`: the channel ends in one unit over and over, byte for byte.
///
/// The Z-function of the reversed tail tells for every period how far back the text repeats itself with it: the byte at
/// distance `p` from the end equals the last one, and so on for `z[p]` bytes, so that the last `z[p] + p` bytes have
/// period `p`. (Z-algorithm: Gusfield, "Algorithms on Strings, Trees and Sequences", 1997, section 1.4.) Only the tail
/// counts, therefore old repetition never convicts new text.
struct TailRepeat: Sendable {
    /// A periodic tail.
    struct Finding: Equatable {
        /// The shortest period, in bytes, that met its band.
        var period: Int
        /// How many bytes at the end have that period.
        var span: Int
    }

    private let settings: TailRepeatSettings
    /// Whether every band needs at least ``probe`` bytes to recur, in the prose and in the code profile.
    private let probesProse: Bool
    private let probesCode: Bool

    /// The bytes at the end that are looked for before the Z-function is computed, two machine words. In ordinary text
    /// they rarely recur within the longest period, and looking for them is several times faster.
    private static let probe = 16
    /// The longest period whose scan takes its scratch from the stack: the shipped one.
    private static let usualPeriod = 4_096

    /// Creates the detector.
    init(settings: TailRepeatSettings) {
        self.settings = settings
        probesProse = Self.shortestRecurrence(settings.prose) >= Self.probe
        probesCode = Self.shortestRecurrence(settings.code) >= Self.probe
    }

    /// The fewest bytes that recur at a distance of one period when some band is met.
    private static func shortestRecurrence(_ bands: [PeriodBand]) -> Int {
        var shortest = Int.max
        var lowest = 1
        for band in bands {
            shortest = min(shortest, max(band.span - band.upTo, lowest * (band.repeats - 1)))
            lowest = band.upTo + 1
        }
        return shortest
    }

    /// The bands of a profile.
    func bands(_ profile: TextProfile) -> [PeriodBand] { profile == .prose ? settings.prose : settings.code }

    /// Whether text of a given period and length would convict.
    func convicts(period: Int, span: Int, _ profile: TextProfile) -> Bool {
        let bands = bands(profile)
        guard let band = bands.first(where: { period <= $0.upTo }) ?? bands.last else { return false }
        return span >= band.span && span / period >= band.repeats
    }

    /// Looks at the end of the channel.
    func scan(_ tail: ChannelTail, _ profile: TextProfile) -> Evidence? {
        guard let found = find(tail.bytes, bands(profile), probing: profile == .prose ? probesProse : probesCode)
        else { return nil }
        let start = tail.end - found.span
        var evidence = Evidence()
        evidence.add("period", found.period)
        evidence.add("repeats", found.span / found.period)
        evidence.add("span", found.span)
        evidence.add("unit", bytes: unit(tail, start, found.period))
        evidence.add("start", start)
        return evidence
    }

    /// One copy of the unit, turned so that it begins with a whole character.
    private func unit(_ tail: ChannelTail, _ start: Int, _ period: Int) -> ArraySlice<UInt8> {
        var range = tail.indices(of: start..<start + period)
        var turns = 0
        while turns < 3, tail.bytes[range.lowerBound] & 0xC0 == 0x80, range.upperBound < tail.bytes.count {
            range = range.lowerBound + 1..<range.upperBound + 1
            turns += 1
        }
        return tail.bytes[range]
    }

    /// The shortest period whose span meets its band.
    private func find(_ bytes: [UInt8], _ bands: [PeriodBand], probing: Bool) -> Finding? {
        let count = min(bytes.count, settings.window)
        guard let longest = bands.last?.upTo, count >= Self.shortestSpan(bands) else { return nil }
        let limit = min(longest, count - 1)
        guard limit > 0 else { return nil }
        // The hottest loops of the module, run over thousands of bytes every `stride`, hence without bounds checks; the
        // two functions say why their indices hold. The buffer is not empty: the limit is positive.
        return bytes.withUnsafeBufferPointer { buffer in
            let last = buffer.baseAddress! + (buffer.count - 1)
            if probing, !Self.recurs(last, within: limit, of: count) { return nil }
            if limit > Self.usualPeriod {
                return withUnsafeTemporaryAllocation(of: Int32.self, capacity: limit + 1) { z in
                    Self.find(last, count, z.baseAddress!, limit, bands)
                }
            }
            // On the stack, because a scan must not allocate and an idle stream must not keep it.
            var z = InlineArray<4_097, Int32>(repeating: 0)
            var places = z.mutableSpan
            return places.withUnsafeMutableBufferPointer { z in
                Self.find(last, count, z.baseAddress!, limit, bands)
            }
        }
    }

    /// Whether the last ``probe`` bytes occur again at a distance of 1...limit. The lowest byte read is the one at
    /// `period + probe - 1` before the last, and `period + probe <= count` keeps that in the buffer.
    private static func recurs(_ last: UnsafePointer<UInt8>, within limit: Int, of count: Int) -> Bool {
        let word = MemoryLayout<UInt64>.size
        guard count > probe else { return false }
        let near = UnsafeRawPointer(last - (word - 1))
        let far = UnsafeRawPointer(last - (probe - 1))
        let nearWord = near.loadUnaligned(as: UInt64.self)
        let farWord = far.loadUnaligned(as: UInt64.self)
        var period = 1
        let end = min(limit, count - probe)
        while period <= end {
            if (near - period).loadUnaligned(as: UInt64.self) == nearWord,
                (far - period).loadUnaligned(as: UInt64.self) == farWord
            {
                return true
            }
            period += 1
        }
        return false
    }

    /// The Z-function of the `count` bytes up to `last`, read backwards, as far as a band is met. `last[-i]` is read for
    /// 0 <= i < count only: `period + length < count` guards the deeper of the two reads. `z` has more than `limit`
    /// places; it is written at 1...limit and read at `period - left`, which is at least 1
    /// and below `period`, so written before.
    private static func find(
        _ last: UnsafePointer<UInt8>,
        _ count: Int,
        _ z: UnsafeMutablePointer<Int32>,
        _ limit: Int,
        _ bands: [PeriodBand]
    ) -> Finding? {
        var left = 0
        var right = 0
        var period = 1
        for band in bands {
            while period <= min(band.upTo, limit) {
                var length = 0
                if period < right { length = min(Int(z[period - left]), right - period) }
                if period + length >= right {
                    while period + length < count, last[-length] == last[-(period + length)] { length += 1 }
                    left = period
                    right = period + length
                }
                z[period] = Int32(truncatingIfNeeded: length)
                let span = period + length
                if span >= band.span, span / period >= band.repeats, isPrimitive(period, span, z) {
                    return Finding(period: period, span: span)
                }
                period += 1
            }
        }
        return nil
    }

    private static func shortestSpan(_ bands: [PeriodBand]) -> Int {
        var shortest = Int.max
        for band in bands { shortest = min(shortest, band.span) }
        return shortest
    }

    /// Whether no shorter period explains the same span. A multiple of a shorter period is judged by the band of that
    /// one alone, otherwise a short unit would be convicted by the laxer count of repeats of its multiples.
    private static func isPrimitive(_ period: Int, _ span: Int, _ z: UnsafeMutablePointer<Int32>) -> Bool {
        var shorter = 1
        while shorter <= period / 2 {
            if period % shorter == 0, Int(z[shorter]) + shorter >= span { return false }
            shorter += 1
        }
        return true
    }
}

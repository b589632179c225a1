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
    /// Whether every band needs at least ``probe`` bytes to recur, in the prose and in the code profile: then only
    /// periods at which they do are looked at.
    private let probesProse: Bool
    private let probesCode: Bool

    /// The bytes that must recur for a period to be looked at.
    private static let probe = TailRecurrence.probe
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
        // The hottest loops of the module, run over thousands of bytes every `stride`, hence without bounds checks;
        // they say why their indices hold. The buffer is not empty: the limit is positive.
        return bytes.withUnsafeBufferPointer { buffer in
            let last = buffer.baseAddress! + (buffer.count - 1)
            var search = Search(last: last, count: count, limit: limit, bands: bands)
            if probing {
                guard count > Self.probe else { return nil }
                let recurrence = TailRecurrence(last: last, count: count, limit: limit)
                guard let first = recurrence.next(from: 1) else { return nil }
                search.recurrence = recurrence
                search.first = first
            }
            if limit > Self.usualPeriod {
                return withUnsafeTemporaryAllocation(of: Int32.self, capacity: limit + 1) { z in
                    z.initialize(repeating: 0)
                    return search.find(z.baseAddress!)
                }
            }
            // On the stack, because a scan must not allocate and an idle stream must not keep it.
            var z = InlineArray<4_097, Int32>(repeating: 0)
            var places = z.mutableSpan
            return places.withUnsafeMutableBufferPointer { z in search.find(z.baseAddress!) }
        }
    }

    private static func shortestSpan(_ bands: [PeriodBand]) -> Int {
        var shortest = Int.max
        for band in bands { shortest = min(shortest, band.span) }
        return shortest
    }
}

extension TailRepeat {
    /// One look at the end of a text.
    private struct Search {
        /// The last byte, the bytes up to there, the longest period.
        let last: UnsafePointer<UInt8>
        let count: Int
        let limit: Int
        let bands: [PeriodBand]
        /// Where the probe recurs; `nil` when bands ask for less than the probe, so that every period is looked at.
        var recurrence: TailRecurrence?
        /// The first period to look at.
        var first = 1

        /// The Z-function of the text read backwards, as far as a band is met: at the periods at which the probe recurs
        /// exactly, and 0 at the others, where it is less than the probe's length.
        ///
        /// `z` has more than `limit` places, all 0. It is written at 1...limit and read at `period - left`, which is at
        /// least 1 and below `period`. That 0 may stand for a few bytes changes nothing: where `z[period - left]` falls
        /// short of the box it equals `z[period]`, and that is at least the probe's length here.
        func find(_ z: UnsafeMutablePointer<Int32>) -> Finding? {
            let known = recurrence == nil ? 0 : TailRepeat.probe
            var left = 0
            var right = 0
            var band = 0
            var period = first
            while period <= limit {
                while period > bands[band].upTo {
                    band += 1
                    if band == bands.count { return nil }
                }
                var length = known
                if period < right { length = max(length, min(Int(z[period - left]), right - period)) }
                if period + length >= right {
                    length = extended(length, period)
                    left = period
                    right = period + length
                }
                z[period] = Int32(truncatingIfNeeded: length)
                let span = period + length
                if span >= bands[band].span, span / period >= bands[band].repeats, isPrimitive(period, span, z) {
                    return Finding(period: period, span: span)
                }
                period += 1
                if let recurrence {
                    guard let next = recurrence.next(from: period) else { return nil }
                    period = next
                }
            }
            return nil
        }

        /// How many bytes at the end equal those one period before, when `length` of them are known to. `last[-i]` is
        /// read for 0 <= i < count only: `period + length < count` guards the deeper of the two reads.
        private func extended(_ length: Int, _ period: Int) -> Int {
            var length = length
            while period + length + 8 <= count {
                let difference = word(endingAt: last - length) ^ word(endingAt: last - period - length)
                if difference != 0 { return length + difference.leadingZeroBitCount / 8 }
                length += 8
            }
            while period + length < count, last[-length] == last[-(period + length)] { length += 1 }
            return length
        }

        /// Whether no shorter period explains the same span. A multiple of a shorter period is judged by the band of
        /// that one alone, otherwise a short unit would be convicted by the laxer count of repeats of its multiples.
        private func isPrimitive(_ period: Int, _ span: Int, _ z: UnsafeMutablePointer<Int32>) -> Bool {
            func explains(_ shorter: Int) -> Bool { shorter < period && Int(z[shorter]) + shorter >= span }
            var divisor = 1
            while divisor * divisor <= period {
                if period % divisor == 0, explains(divisor) || explains(period / divisor) { return false }
                divisor += 1
            }
            return true
        }
    }
}

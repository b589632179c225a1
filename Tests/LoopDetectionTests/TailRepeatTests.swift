import LoopDetection
import Testing

struct TailRepeatTests {
    private static func only(_ change: (inout TailRepeatSettings) -> Void = { _ in }) -> DetectorSettings {
        .only {
            $0.tailRepeat = TailRepeatSettings()
            change(&$0.tailRepeat)
        }
    }

    /// Letters without order: the whole has no period.
    private static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var dice = Dice(seed)
        return (0..<count).map { _ in UInt8(ascii: "a") + UInt8((dice.next() >> 20) % 26) }
    }

    /// The first `span` bytes of a unit over and over, behind text that does not continue the period.
    private static func periodic(_ unit: [UInt8], span: Int) -> [UInt8] {
        let lead = noise(300, seed: 5) + [UInt8(ascii: "0")]
        return lead + (0..<span).map { unit[$0 % unit.count] }
    }

    @Test(arguments: [1, 7, 8, 31, 32, 127, 128, 511, 512, 1_500, 4_096], [false, true])
    func aSpanAtTheThresholdConvictsAndOneByteLessDoesNot(_ period: Int, _ isCode: Bool) throws {
        let settings = Self.only()
        let bands = isCode ? settings.tailRepeat.code : settings.tailRepeat.prose
        let band = try #require(bands.first { period <= $0.upTo })
        let needed = max(band.span, band.repeats * period)
        let unit = Self.noise(period, seed: 11)
        let enough = Self.periodic(unit, span: needed)
        let tooFew = Self.periodic(unit, span: needed - 1)
        #expect(verdicts(tooFew, settings: settings, jsonOutput: isCode).isEmpty)
        // The whole window is full at the longest period of the code profile, so the span cannot be told from more.
        let stop = try #require(verdicts(enough, settings: settings, jsonOutput: isCode).stop)
        #expect(stop.evidence.integer("period") == period)
        #expect(stop.evidence.integer("span") == needed)
        #expect(stop.evidence.integer("start") == enough.count - needed)
    }

    @Test func aPeriodBeyondTheLongestIsNotSeen() {
        let unit = Self.noise(4_097, seed: 3)
        #expect(verdicts(Self.periodic(unit, span: 4_097 * 4), settings: Self.only()).isEmpty)
    }

    @Test func settingsMayAskForLongerPeriods() throws {
        let settings = Self.only {
            $0.window = 100_000
            $0.prose = [PeriodBand(upTo: 30_000, span: 80_000, repeats: 3)]
        }
        let unit = Self.noise(25_000, seed: 8)
        #expect(verdicts(Self.periodic(unit, span: 79_999), settings: settings).isEmpty)
        let stop = try #require(verdicts(Self.periodic(unit, span: 80_000), settings: settings).stop)
        #expect(stop.evidence.integer("period") == 25_000)
        #expect(stop.evidence.integer("span") == 80_000)
    }

    @Test func theShortestPeriodIsTheOneNamed() throws {
        let stop = try #require(verdicts(times(2_000, "ab"), settings: Self.only()).stop)
        #expect(stop.evidence.integer("period") == 2)
        #expect(stop.evidence.integer("repeats") == stop.byte / 2)
    }

    @Test func aMultipleOfAPeriodIsNotJudgedByItsOwnBand() {
        let settings = Self.only {
            $0.prose = [
                PeriodBand(upTo: 10, span: 100, repeats: 50), PeriodBand(upTo: 100, span: 100, repeats: 2),
            ]
        }
        #expect(verdicts(times(20, "abcdef"), in: .content, settings: settings).isEmpty)
        #expect(verdicts(times(20, "abcdefuvwxyz"), in: .content, settings: settings).stop != nil)
        #expect(verdicts(times(60, "abcdef"), in: .content, settings: settings).stop != nil)
    }

    @Test func oldRepetitionDoesNotConvictTheTextBehindIt() {
        #expect(verdicts(times(70, "I'll do it.\n") + freshProse(300), in: .content, settings: Self.only()).isEmpty)
    }

    @Test func theUnitIsShownInWholeCharacters() throws {
        let stop = try #require(verdicts("é" + times(600, "商店"), in: .content, settings: Self.only()).stop)
        let unit = try #require(stop.evidence.text("unit"))
        #expect(unit == "商店" || unit == "店商")
    }

    @Test func aLongUnitIsCutInEvidence() throws {
        let unit = freshProse(9)
        let stop = try #require(verdicts(times(8, unit), in: .content, settings: Self.only()).stop)
        #expect(try #require(stop.evidence.text("unit")).utf8.count <= Evidence.longestText)
    }

    @Test func verdictsStandAtMultiplesOfTheStride() throws {
        let settings = Self.only { $0.stride = 50 }
        let stop = try #require(verdicts(times(2_000, "x"), in: .content, settings: settings).stop)
        #expect(stop.byte == 1_050)
    }

    /// The definition, computed the slow way.
    private static func reference(_ bytes: ArraySlice<UInt8>, _ bands: [PeriodBand]) -> (period: Int, span: Int)? {
        let text = Array(bytes.reversed())
        func span(_ period: Int) -> Int {
            var length = 0
            while period + length < text.count, text[length] == text[period + length] { length += 1 }
            return period + length
        }
        guard text.count > 1 else { return nil }
        for period in 1..<text.count {
            guard let band = bands.first(where: { period <= $0.upTo }) else { return nil }
            let own = span(period)
            guard own >= band.span, own / period >= band.repeats else { continue }
            if (1..<period).contains(where: { period % $0 == 0 && span($0) >= own }) { continue }
            return (period, own)
        }
        return nil
    }

    @Test(arguments: 0..<40)
    func theZFunctionFindsWhatTheDefinitionSays(_ seed: UInt64) {
        let settings = Self.only {
            $0.stride = 1
            $0.window = 64
            // Odd seeds ask for recurrences so short that the look-ahead for 16 bytes must not be used.
            $0.prose =
                seed % 2 == 1
                ? [PeriodBand(upTo: 3, span: 9, repeats: 1), PeriodBand(upTo: 20, span: 18, repeats: 2)]
                : [PeriodBand(upTo: 4, span: 24, repeats: 4), PeriodBand(upTo: 8, span: 26, repeats: 3)]
        }
        var dice = Dice(seed)
        var text: [UInt8] = []
        while text.count < 400 {
            let unit = (0..<Int(1 + dice.next() % 9)).map { _ in UInt8(ascii: "a") + UInt8((dice.next() >> 30) % 2) }
            for _ in 0..<Int(1 + dice.next() % 7) { text += unit }
        }
        let expected = (1...text.count).lazy.compactMap { end in
            Self.reference(text[max(0, end - 64)..<end], settings.tailRepeat.prose).map { (end, $0.period, $0.span) }
        }.first
        let stop = verdicts(text, settings: settings).stop
        #expect(stop?.byte == expected?.0)
        #expect(stop?.evidence.integer("period") == expected?.1)
        #expect(stop?.evidence.integer("span") == expected?.2)
    }

    /// A text that ends in copies of a unit, some of them flawed.
    private static func nearlyPeriodic(_ dice: inout Dice) -> [UInt8] {
        func below(_ bound: Int) -> Int { Int((dice.next() >> 33) % UInt64(bound)) }
        let letters = 1 + below(4)
        func letter() -> UInt8 { UInt8(ascii: "a") + UInt8(below(letters)) }
        var text = (0..<below(80)).map { _ in letter() }
        let unit = (0..<1 + below([3, 20, 60, 150][below(4)])).map { _ in letter() }
        for _ in 0..<1 + below(400 / unit.count + 1) { text += unit }
        text += unit.prefix(below(unit.count + 1))
        if below(2) == 0 { text[below(text.count)] = UInt8(ascii: "x") }
        if below(3) == 0 { text += (0..<below(20)).map { _ in letter() } }
        return text
    }

    /// The last text of a scan, the longest and the shortest recurrence, units of units: whatever the search leaves out
    /// must not be missed.
    @Test(arguments: 0..<80)
    func oneLookFindsWhatTheDefinitionSays(_ seed: UInt64) {
        var dice = Dice(seed &+ 1_000)
        for _ in 0..<40 {
            let text = Self.nearlyPeriodic(&dice)
            let bands = [
                [PeriodBand(upTo: 16, span: 40, repeats: 2), PeriodBand(upTo: 300, span: 320, repeats: 1)],
                [PeriodBand(upTo: 7, span: 60, repeats: 20), PeriodBand(upTo: 90, span: 107, repeats: 2)],
                [PeriodBand(upTo: 400, span: 416, repeats: 1)],
                [PeriodBand(upTo: 50, span: 20, repeats: 2)],
            ][Int(dice.next() >> 40) % 4]
            let settings = Self.only {
                $0.stride = text.count
                $0.window = 350
                $0.prose = bands
            }
            let expected = Self.reference(text.suffix(350), bands)
            let stop = verdicts(text, settings: settings).stop
            #expect(stop?.evidence.integer("period") == expected?.period, "\(String(decoding: text, as: UTF8.self))")
            #expect(stop?.evidence.integer("span") == expected?.span)
        }
    }
}

import Testing

@testable import loopguard_bench

struct StampScannerTests {
    private func stamps(in pieces: [[UInt8]]) -> [UInt64] {
        var scanner = StampScanner()
        var stamps: [UInt64] = []
        for piece in pieces { piece.withUnsafeBytes { scanner.scan($0) { stamps.append($0) } } }
        return stamps
    }

    @Test func everyStampIsFoundHoweverTheReadsAreCut() {
        let bytes = Array("5\r\nxx@00123@yy\r\n\r\n7\r\n@18446744073709551615@ @9@\r\n0\r\n\r\n".utf8)
        for first in bytes.indices {
            for second in first..<bytes.count {
                let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map { Array($0) }
                #expect(stamps(in: pieces) == [123, .max, 9])
            }
        }
    }

    @Test func aStampCutInTwoByChunksIsOneStamp() {
        for cut in 0...5 {
            let digits = Array("12345".utf8)
            let text = Array("@".utf8) + digits[..<cut] + Array("\r\n1f\r\n".utf8) + digits[cut...] + Array("@".utf8)
            #expect(stamps(in: [text]) == [12_345])
        }
    }
}

struct StreamPlanTests {
    @Test(arguments: [false, true], [false, true])
    func whatARequestAsksForIsWhatTheUpstreamReads(streams: Bool, sendsHeadersFirst: Bool) {
        let plan = StreamPlan(
            events: 7,
            intervalMicroseconds: 11,
            padding: 13,
            delayMilliseconds: 17,
            sendsHeadersFirst: sendsHeadersFirst,
            eventsPerWrite: 19,
            streams: streams
        )
        #expect(StreamPlan().reading(plan.requestBody.span) == plan)
    }

    @Test(arguments: ["", "[]", #"{"stream":true"#, #"{"stream":true,"loopguard_bench":{"events":0}}"#])
    func aRequestThatMakesNoSenseHasNoPlan(body: String) {
        #expect(StreamPlan().reading(Array(body.utf8).span) == nil)
    }

    @Test func aPlainChatRequestGetsTheDefaults() {
        let body = Array(#"{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}"#.utf8)
        #expect(StreamPlan(events: 5).reading(body.span) == StreamPlan(events: 5))
    }
}

struct FigureTests {
    @Test func ratiosAndDifferencesAreTakenRoundByRound() {
        var figure = Figure("mode", "quantity", "µs")
        for (direct, proxy) in [(10.0, 20.0), (100, 110), (50, 200)] {
            figure.add(direct, of: "direct")
            figure.add(proxy, of: "proxy")
        }
        #expect(figure.ratio("proxy", to: "direct") == 2)
        #expect(figure.added(to: "direct", as: "added")["proxy"]?.values == [10, 10, 150])
    }

    @Test func whatNeverHappenedHasNoRatio() {
        var figure = Figure("cancel", "mid stream", "ms")
        figure.add(1, of: "direct")
        figure.addNothing(of: "proxy")
        #expect(figure.ratio("proxy", to: "direct") == nil)
        #expect(figure["proxy"]?.text == "never")
    }

    @Test(arguments: [(0, "0"), (0.012, "0.0120"), (1.234, "1.23"), (-0.5, "-0.50"), (9.996, "10.0"), (99.96, "100")])
    func numbersKeepAboutThreeDigits(number: Double, text: String) { #expect(number.shortText == text) }
}

import GenerationWire
import JSONBytes
import Testing

/// The times in an ending, as they can be seen from outside.
@Suite struct TimesInAnOllamaEnding {
    private let cause = EndingCause(stopReason: "user_stop", runID: "run_1")

    private func ending(created: Int = 0, times: [String] = []) -> String {
        var format = Ollama(.chat, created: created, model: "m")
        var events: [WireEvent] = []
        for time in times {
            let line = Array(#"{"model":"m","created_at":"\#(time)","message":{"content":"a"},"done":false}"#.utf8)
            #expect(format.read(line.span, into: &events) == .chunk)
        }
        return String(decoding: format.closing(usage: nil, because: cause), as: UTF8.self)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_760_000_000, "2025-10-09T08:53:20Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
    ])
    func areOfTheRequestBeforeTheFirstLine(created: Int, text: String) {
        #expect(ending(created: created).contains(#""created_at":"\#(text)""#))
    }

    @Test(arguments: [
        (["2026-03-01T12:00:00Z", "2026-03-01T12:00:01.5Z"], 1_500_000_000),
        (["2026-02-28T23:59:59.999999999Z", "2026-03-01T00:00:00Z"], 1),
        (["2026-03-01T12:00:00.25+02:00", "2026-03-01T10:01:00.25Z"], 60_000_000_000),
        (["2024-02-28T23:00:00-01:00", "2024-02-29T00:00:00.000000001234Z"], 1),
    ])
    func giveTheTimeThatTheEngineTook(times: [String], nanoseconds: Int) {
        let text = ending(times: times)
        #expect(text.contains("\"eval_duration\":\(nanoseconds),") && text.contains("\"created_at\":\"\(times[1])\""))
    }

    @Test(arguments: [
        [], ["2026-03-01T12:00:00Z"], ["noon", "later"], ["2026-13-01T12:00:00Z", "2026-03-01T12:00:01Z"],
    ])
    func giveNoneWhereTheyCannot(times: [String]) {
        #expect(!ending(times: times).contains("duration"))
    }
}

import GenerationWire
import Guard
import Testing

@Suite struct AHealthyStreamPassesUntouched {
    @Test func thereAreFixtures() {
        #expect(Stream.healthy.count >= 40)
    }

    @Test(arguments: Stream.healthy)
    func whole(stream: Stream) {
        #expect(stream.pass(cutAt: []) == stream.body)
    }

    /// An event that is not understood passes too, but unguarded: only the streams that hold such events may.
    @Test(arguments: Stream.healthy + Stream.recorded)
    func andIsUnderstood(stream: Stream) {
        var guarded = GuardedStream(request: stream.request, settings: GuardSettings(), runID: "run_1")
        _ = guarded.receive(stream.body.span)
        _ = guarded.finish()
        let odd = ["not-json.sse": 4, "junk-after-done.sse": 1]
        #expect(guarded.unreadEvents == odd[stream.name] ?? 0)
    }

    @Test(arguments: Stream.healthy)
    func cutAtEveryOffset(stream: Stream) {
        for offset in 0..<stream.body.count {
            #expect(stream.pass(cutAt: [offset]) == stream.body, "cut at \(offset)")
        }
    }

    @Test(arguments: Stream.healthy)
    func byteByByte(stream: Stream) {
        #expect(stream.pass(cutAt: Array(0..<stream.body.count)) == stream.body)
    }

    @Test(arguments: Stream.healthy, 0..<20)
    func cutAtRandom(stream: Stream, seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        let cuts = (0..<12).map { _ in Int.random(in: 0...stream.body.count, using: &random) }.sorted()
        #expect(stream.pass(cutAt: cuts) == stream.body)
    }

    @Test(arguments: Stream.healthy)
    func withTheMasterSwitchOff(stream: Stream) {
        var settings = GuardSettings()
        settings.enabled = false
        #expect(stream.pass(cutAt: [stream.body.count / 2], settings: settings) == stream.body)
    }

    @Test(arguments: Stream.healthy)
    func withToolCallsStreamed(stream: Stream) {
        var settings = GuardSettings()
        settings.toolCalls = .stream
        #expect(stream.pass(cutAt: Array(0..<stream.body.count), settings: settings) == stream.body)
    }

    @Test(arguments: Stream.recorded)
    func asRecordedElsewhere(stream: Stream) {
        #expect(stream.pass(cutAt: []) == stream.body)
        var random = SeededGenerator(state: 7)
        let cuts = (0..<40).map { _ in Int.random(in: 0...stream.body.count, using: &random) }.sorted()
        #expect(stream.pass(cutAt: cuts) == stream.body)
    }
}

@Suite struct LongEvents {
    private func stream(lineOf length: Int) -> Stream {
        let text = String(repeating: "Silt 0123456789, ", count: length / 17 + 1).prefix(length)
        let event = #"data: {"choices":[{"index":0,"delta":{"x":"\#(text)"},"finish_reason":null}]}"# + "\n\n"
        let body = "data: {\"choices\":[]}\n\n" + event + "data: [DONE]\n\n"
        return Stream(name: "long", body: Array(body.utf8), request: GenerationRequest(format: .chatCompletions))
    }

    @Test func aMegabyteOnOneLinePasses() {
        let stream = stream(lineOf: 1_048_576)
        let cuts = Array(Swift.stride(from: 0, to: stream.body.count, by: 1_000))
        #expect(stream.pass(cutAt: cuts) == stream.body)
    }

    @Test func aLineBeyondTheBoundPassesUnreadAndIsCounted() {
        let stream = stream(lineOf: 10_000)
        var settings = GuardSettings()
        settings.maxEventBytes = 1_000
        var guarded = GuardedStream(request: stream.request, settings: settings, runID: "run_1")
        var output: [UInt8] = []
        var longestWait = 0
        var received = 0
        for start in Swift.stride(from: 0, to: stream.body.count, by: 300) {
            let end = min(start + 300, stream.body.count)
            received += end - start
            let piece = stream.body.span.extracting(start..<end)
            output += guarded.receive(piece).forward.bytes(of: piece)
            longestWait = max(longestWait, received - output.count)
        }
        #expect(output == stream.body)
        #expect(guarded.unreadEvents == 1)
        #expect(longestWait <= 1_300)
    }
}

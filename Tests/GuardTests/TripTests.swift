import Cancellation
import Foundation
import GenerationWire
import Guard
import LoopDetection
import Testing

/// What came of feeding a stream to the guard and doing as it says.
struct Passage: CustomTestStringConvertible {
    var output: [UInt8] = []
    var verdicts: [Verdict] = []
    var trip: Verdict?
    var events = 0

    /// Feeds the bytes in pieces of the given size, and ends the stream when the guard trips.
    init(
        _ body: String,
        _ request: GenerationRequest = .init(format: .chatCompletions),
        settings: GuardSettings = .init(),
        every size: Int = 1 << 20
    ) {
        var guarded = GuardedStream(request: request, settings: settings, runID: "run_1")
        let bytes = Array(body.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = Array(bytes[start..<min(start + size, bytes.count)])
            take(guarded.receive(piece.span), piece)
        }
        take(guarded.finish(), [])
        if let trip { output += guarded.end(.tripped(trip.detector)) }
        events = guarded.events
    }

    private mutating func take(_ outcome: GuardedStream.Outcome, _ received: [UInt8]) {
        output += outcome.forward.bytes(of: received.span)
        verdicts += outcome.verdicts
        trip = trip ?? outcome.trip
    }

    var testDescription: String { "\(output.count) bytes, \(verdicts.map(\.detector.name))" }

    var text: String { String(decoding: output, as: UTF8.self) }

    /// The finish reasons of all choices in the order they were sent.
    var finishes: [String] {
        get throws {
            try payloads(output).filter { $0 != "[DONE]" }.flatMap { payload in
                (try json(payload)["choices"] as? [[String: Any]] ?? []).compactMap { $0["finish_reason"] as? String }
            }
        }
    }
}

private func loop(_ unit: String, times: Int, field: String = "content", index: Int = 0) -> String {
    String(repeating: StreamState.chunk("{\"\(field)\":\"\(unit)\"}", index: index), count: times)
}

private let finish = StreamState.chunk("{}", finish: #""stop""#) + "data: [DONE]\n\n"

private func call(_ name: String, _ arguments: String, index: Int) -> String {
    let escaped = arguments.replacing("\"", with: "\\\"")
    return StreamState.chunk(
        #"{"tool_calls":[{"index":\#(index),"id":"t\#(index)","type":"function","function":"#
            + #"{"name":"\#(name)","arguments":"\#(escaped)"}}]}"#
    )
}

@Suite struct ALoopIsEnded {
    @Test(arguments: ["content", "reasoning", "reasoning_content"])
    func inText(field: String) throws {
        let passage = Passage(StreamState.role + loop("I will do it now. ", times: 2_000, field: field) + finish)
        let trip = try #require(passage.trip)
        #expect(trip.detector == .tailRepeat)
        #expect(trip.channel == (field == "content" ? .content : .reasoning))
        #expect(trip.evidence["period"] == .integer(18))
        #expect(try passage.finishes == ["length"])
        #expect(passage.text.contains(#""stop_reason":"guard:tail_repeat""#))
        #expect(passage.text.contains(#""evidence":{"#))
        #expect(passage.text.hasSuffix("data: [DONE]\n\n"))
        #expect(passage.output.count < 30_000)
        #expect(passage.text.contains("[loopguard: generation stopped]") == (field != "content"))
    }

    @Test func insideThinkTags() throws {
        let body = loop("<think>", times: 1) + loop("Wait, what about it. ", times: 400) + finish
        let passage = Passage(body)
        #expect(passage.trip?.channel == .reasoning)
        #expect(passage.text.contains(#""content":"</think>\n\n[loopguard: generation stopped]""#))
    }

    @Test func inCompletions() throws {
        let body = String(repeating: StreamState.text("again and "), count: 900)
        let passage = Passage(body, GenerationRequest(format: .completions))
        #expect(passage.trip?.detector == .tailRepeat)
        #expect(try passage.finishes == ["length"])
    }

    @Test(arguments: [1, 3, 7, 64, 1_000])
    func atTheSameByteHoweverTheStreamIsCut(size: Int) {
        let body = StreamState.role + loop("over and over, ", times: 500) + finish
        let whole = Passage(body)
        let cut = Passage(body, every: size)
        #expect(whole.trip != nil)
        #expect(cut.output == whole.output)
        #expect(cut.verdicts == whole.verdicts)
    }

    @Test func onTheLastDeltaBeforeTheEnd() throws {
        let enough = 1_024 / 8 + 16
        let whole = Passage(loop("loopity ", times: 2_000) + finish)
        let needed = try #require(whole.trip).byte / 8
        #expect(needed <= enough)
        let passage = Passage(loop("loopity ", times: needed) + finish)
        #expect(passage.trip != nil)
        #expect(try passage.finishes == ["length"])
        #expect(passage.text.components(separatedBy: "[DONE]").count == 2)
    }

    @Test func anEngineThatFinishedByItselfKeepsItsReason() throws {
        // Just short of a conviction: what the end of the channel shows is logged and changes nothing.
        let passage = Passage(loop("loopity ", times: 100) + finish)
        #expect(passage.trip == nil)
        #expect(try passage.finishes == ["stop"])
    }

    @Test func butNotWhenTheRulesOnlyObserve() {
        var settings = GuardSettings()
        settings.mode = .observe
        let body = StreamState.role + loop("I will do it now. ", times: 600) + finish
        let passage = Passage(body, settings: settings)
        #expect(passage.trip == nil)
        #expect(Set(passage.verdicts.map(\.mode)) == [.observe])
        #expect(passage.text == body)
    }

    @Test func norWhenTheMasterSwitchIsOff() {
        var settings = GuardSettings()
        settings.enabled = false
        let body = StreamState.role + loop("I will do it now. ", times: 600) + finish
        let passage = Passage(body, settings: settings)
        #expect(passage.verdicts.isEmpty)
        #expect(passage.text == body)
    }
}

@Suite struct OneOfSeveralChoices {
    private var request: GenerationRequest {
        var request = GenerationRequest(format: .chatCompletions)
        request.choices = 2
        return request
    }

    private func interleaved(loops: Int, words: Int) -> String {
        var body = ""
        for number in 0..<max(loops, words) {
            if number < words { body += StreamState.chunk("{\"content\":\"word\(number * number) \"}", index: 0) }
            if number < loops { body += StreamState.chunk("{\"content\":\"round again \"}", index: 1) }
        }
        return body
    }

    @Test func endsAloneWhileTheOtherGoesOn() throws {
        let body =
            interleaved(loops: 400, words: 300)
            + StreamState.chunk("{}", finish: #""stop""#, index: 0) + loop("round again ", times: 50, index: 1)
        let passage = Passage(body, request)
        #expect(passage.trip?.detector == .tailRepeat)
        #expect(try passage.finishes == ["length", "stop"])
        #expect(passage.text.contains("word\(299 * 299) "))
        #expect(passage.text.components(separatedBy: "round again").count < 130)
        #expect(passage.text.hasSuffix("data: [DONE]\n\n"))
    }

    @Test func isCutOutOfChunksThatCarryBoth() throws {
        let both = """
            data: {"id":"c1","created":5,"model":"m","choices":[{"index":0,"delta":{"content":"N "},"finish_reason":null},\
            {"index":1,"delta":{"content":"round again "},"finish_reason":null}]}\n\n
            """
        let body = (0..<300).map { both.replacing("N ", with: "word\($0 * $0) ") }.joined()
        let passage = Passage(body, request)
        #expect(passage.trip == nil, "choice 0 is still open")
        #expect(passage.text.components(separatedBy: "round again").count < 130)
        #expect(passage.text.contains("word\(299 * 299) "))
        for payload in payloads(passage.output) { #expect(try !json(payload).isEmpty) }
    }

    @Test func leavesTheOthersCallsAndTextAlone() throws {
        func fragment(_ text: String, index: Int, head: String = "") -> String {
            StreamState.chunk(
                "{\"tool_calls\":[{\"index\":0,\(head)\"function\":{\"arguments\":\"\(text)\"}}]}",
                index: index
            )
        }
        // Both choices are in the middle of a call when the one loops; the other finishes its call and talks on.
        let head = fragment(#"{\"path\":\"a"#, index: 0, head: #""id":"t0","#)
        let tail = fragment(#"b\"}"#, index: 0)
        let looping =
            fragment(#"{\"text\":\""#, index: 1, head: #""id":"t1","#)
            + String(repeating: fragment("once more, ", index: 1), count: 600)
        let talk = StreamState.chunk(#"{"content":"and so on"}"#, index: 0)
        var guarded = GuardedStream(request: request, settings: GuardSettings(), runID: "run_1")
        var output: [UInt8] = []
        for event in [head, looping, tail, talk] {
            let bytes = Array(event.utf8)
            output += guarded.receive(bytes.span).forward.bytes(of: bytes.span)
        }
        let text = String(decoding: output, as: UTF8.self)
        #expect(text.contains(head + tail + talk), "the healthy choice comes whole and does not wait")
        #expect(!text.contains("once more, \"}}]"))
        #expect(text.contains(#""stop_reason":"guard:argument_repeat""#))
    }

    @Test func theRunEndsWhenAllLoop() throws {
        let body = String(
            repeating: StreamState.chunk("{\"content\":\"ring \"}", index: 0)
                + StreamState.chunk("{\"content\":\"rong \"}", index: 1),
            count: 400
        )
        let passage = Passage(body, request)
        #expect(passage.trip != nil)
        #expect(try passage.finishes == ["length", "length"])
    }
}

@Suite struct ToolCallsAreHeld {
    @Test func aCallThatLoopsInItsArgumentsNeverReachesTheClient() throws {
        let fragment = StreamState.chunk(
            #"{"tool_calls":[{"index":0,"function":{"arguments":"server-side scripting "}}]}"#
        )
        let head = call("write_file", "{\"content\":\"", index: 0)
        let passage = Passage(StreamState.role + head + String(repeating: fragment, count: 400))
        #expect(passage.trip?.detector == .argumentRepeat)
        #expect(!passage.text.contains("tool_calls"))
        #expect(try passage.finishes == ["length"])
        #expect(passage.text.contains("[loopguard: generation stopped]"))
    }

    @Test func theRepeatedCallIsDroppedAndTheOnesBeforeStay() throws {
        let body = (0..<8).map { call("run", #"{"command":"mvn test"}"#, index: $0) }.joined() + finish
        let passage = Passage(StreamState.role + body)
        let trip = try #require(passage.trip)
        #expect(trip.detector == .argumentDedup)
        #expect(passage.text.components(separatedBy: "mvn test").count - 1 == 2 + 1, "two calls and the evidence")
        #expect(try passage.finishes == ["length"])
    }

    @Test func T4_nothingOfACallPassesBeforeItIsWhole() {
        var guarded = GuardedStream(
            request: GenerationRequest(format: .chatCompletions),
            settings: GuardSettings(),
            runID: "run_1"
        )
        #expect(guarded.receive(Array(StreamState.role.utf8).span).forward == .unchanged)
        #expect(guarded.receive(Array(StreamState.call.utf8).span).forward == .bytes([]))
        #expect(guarded.receive(Array(StreamState.half.utf8).span).forward == .bytes([]))
        let whole = Array((StreamState.call + StreamState.half + StreamState.rest).utf8)
        #expect(guarded.receive(Array(StreamState.rest.utf8).span).forward == .bytes(whole))
    }

    @Test func exceptWhenTheRulesStreamThem() {
        var settings = GuardSettings()
        settings.toolCalls = .stream
        let state = StreamState(name: "", events: [StreamState.role, StreamState.call, StreamState.half])
        #expect(state.guarded(state.request, settings).1 == Array(state.events.joined().utf8))
    }

    @Test func aCallTooLongToHoldPassesAsItComes() {
        var settings = GuardSettings()
        settings.maxHeldBytes = 500
        settings.detectors.argumentRepeat.mode = .off
        let fragments = (0..<40).map { number in
            StreamState.chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"line \#(number * 37) "}}]}"#)
        }
        let body = StreamState.role + StreamState.call + fragments.joined() + finish
        let passage = Passage(body, settings: settings)
        #expect(passage.text == body)
        #expect(passage.trip == nil)
    }
}

import Cancellation
import GenerationWire
import Guard
import LoopDetection
import Testing

/// One state a stream can be in when it is ended, as the events that were received before.
struct StreamState: Sendable, CustomTestStringConvertible {
    var name: String
    var events: [String]
    var format = WireFormat.chatCompletions
    /// Whether the ending must begin with a role.
    var needsRole = false
    /// Whether the ending must show a note.
    var needsNote = false
    /// What may have been passed on of the events; all of them when `nil`.
    var passed: Int?

    var testDescription: String { name }

    static func chunk(_ delta: String, finish: String = "null", index: Int = 0) -> String {
        #"data: {"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","system_fingerprint":"fp","#
            + #""choices":[{"index":\#(index),"delta":\#(delta),"finish_reason":\#(finish)}]}"# + "\n\n"
    }

    static func text(_ text: String, finish: String = "null") -> String {
        #"data: {"id":"c1","object":"text_completion","created":5,"model":"m","#
            + #""choices":[{"text":"\#(text)","index":0,"logprobs":null,"finish_reason":\#(finish)}]}"# + "\n\n"
    }

    static let role = chunk(#"{"role":"assistant","content":""}"#)
    static let call = chunk(
        #"{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"rm","arguments":""}}]}"#
    )
    static let half = chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"path\":\"/tm"}}]}"#)
    static let rest = chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"p/a\"}"}}]}"#)

    static let all = [
        StreamState(name: "before the first chunk", events: [], needsRole: true, needsNote: true),
        StreamState(name: "after the role", events: [role], needsNote: true),
        StreamState(name: "in text", events: [role, chunk(#"{"content":"Hello"}"#)]),
        StreamState(name: "after whitespace", events: [role, chunk(#"{"content":"\n\n"}"#)], needsNote: true),
        StreamState(name: "in reasoning", events: [role, chunk(#"{"reasoning":"Hm"}"#)], needsNote: true),
        StreamState(name: "in think tags", events: [role, chunk(#"{"content":"<think>Hm"}"#)], needsNote: true),
        StreamState(name: "at a call's head", events: [role, call], needsNote: true, passed: 1),
        StreamState(name: "in a call's arguments", events: [role, call, half], needsNote: true, passed: 1),
        StreamState(
            name: "in a call after text",
            events: [role, chunk(#"{"content":"Now"}"#), call, half],
            passed: 2
        ),
        StreamState(name: "after a whole call", events: [role, call, half, rest], needsNote: true),
        StreamState(
            name: "between calls",
            events: [
                role, call, half, rest,
                chunk(#"{"tool_calls":[{"index":1,"id":"t2","function":{"name":"rm","arguments":"{\"pa"}}]}"#),
            ],
            needsNote: true,
            passed: 4
        ),
        StreamState(name: "completions before the first chunk", events: [], format: .completions),
        StreamState(name: "completions in text", events: [text("a")], format: .completions),
    ]

    var request: GenerationRequest {
        var request = GenerationRequest(format: format)
        request.model = "asked"
        return request
    }

    /// A guard that has received the events, and what it gave out.
    func guarded(_ request: GenerationRequest, _ settings: GuardSettings = .init()) -> (GuardedStream, [UInt8]) {
        var guarded = GuardedStream(request: request, settings: settings, runID: "run_1", created: 77)
        var output: [UInt8] = []
        for event in events {
            let bytes = Array(event.utf8)
            output += guarded.receive(bytes.span).forward.bytes(of: bytes.span)
        }
        return (guarded, output)
    }
}

@Suite struct Endings {
    @Test(arguments: StreamState.all)
    func T5_T6_T7_G8_anEndingIsLegalInEveryState(state: StreamState) throws {
        var (guarded, passed) = state.guarded(state.request)
        #expect(passed == Array(state.events.prefix(state.passed ?? state.events.count).joined().utf8))

        let told = payloads(guarded.end(.userStop))
        #expect(told.last == "[DONE]")
        let chunks = try told.dropLast().map(json)
        let choices = try chunks.map { try #require(($0["choices"] as? [[String: Any]])?.first) }
        var deltas = choices.map { $0["delta"] as? [String: Any] }
        if state.needsRole {
            #expect(deltas.removeFirst()?["role"] as? String == "assistant")
        }
        if state.needsNote {
            let note = try #require(deltas.removeFirst()?["content"] as? String)
            #expect(note.hasSuffix("[loopguard: generation stopped]"))
            #expect(note.hasPrefix("</think>") == (state.name == "in think tags"))
        }
        #expect(deltas.count == 1, "after role and note there is the finish and nothing else")

        let finish = try #require(choices.last)
        #expect(finish["finish_reason"] as? String == "length")
        #expect(finish["stop_reason"] as? String == "user_stop")
        for chunk in chunks {
            #expect(chunk["id"] as? String == (state.events.isEmpty ? expectedID(state.format) : "c1"))
            #expect(chunk["created"] as? Int == (state.events.isEmpty ? 77 : 5))
            #expect(chunk["model"] as? String == (state.events.isEmpty ? "asked" : "m"))
            #expect(
                chunk["object"] as? String
                    == (state.format == .completions ? "text_completion" : "chat.completion.chunk")
            )
        }
    }

    private func expectedID(_ format: WireFormat) -> String {
        format == .completions ? "cmpl-run_1" : "chatcmpl-run_1"
    }

    @Test func aStreamThatHasFinishedIsNotEndedAgain() {
        let finish = StreamState.chunk("{}", finish: #""stop""#)
        let state = StreamState(name: "finished", events: [StreamState.role, finish])
        var (guarded, _) = state.guarded(state.request)
        #expect(guarded.isComplete)
        #expect(payloads(guarded.end(.shutdown)) == ["[DONE]"])
        #expect(guarded.end(.userStop).isEmpty)
    }

    @Test func S4_nothingPassesAfterTheEnd() {
        let state = StreamState(name: "text", events: [StreamState.role])
        var (guarded, _) = state.guarded(state.request)
        _ = guarded.end(.userStop)
        #expect(guarded.receive(Array(StreamState.role.utf8).span).forward == .bytes([]))
        #expect(guarded.finish().forward == .bytes([]))
        #expect(guarded.fail("gone").isEmpty)
    }

    @Test func noNoteGoesIntoJSONOutput() {
        var request = GenerationRequest(format: .chatCompletions)
        request.jsonOutput = true
        var (guarded, _) = StreamState(name: "", events: []).guarded(request)
        #expect(!String(decoding: guarded.end(.userStop), as: UTF8.self).contains("loopguard: generation"))
    }

    @Test func theNoteCanBeSwitchedOff() {
        var settings = GuardSettings()
        settings.note = nil
        let state = StreamState(name: "", events: [StreamState.role])
        var (guarded, _) = state.guarded(state.request, settings)
        #expect(payloads(guarded.end(.userStop)).count == 2)
    }

    @Test func usageFollowsWhenItWasAskedFor() throws {
        var request = GenerationRequest(format: .chatCompletions)
        request.includeUsage = true
        request.bodyBytes = 40
        let state = StreamState(name: "", events: [StreamState.role] + [StreamState.chunk(#"{"content":"a"}"#)])
        var (guarded, _) = state.guarded(request)
        let told = payloads(guarded.end(.userStop))
        let chunk = try json(told[told.count - 2])
        #expect((chunk["choices"] as? [Any])?.isEmpty == true)
        let usage = try #require(chunk["usage"] as? [String: Any])
        #expect(usage["prompt_tokens"] as? Int == 10)
        #expect(usage["completion_tokens"] as? Int == 1)
        #expect(usage["total_tokens"] as? Int == 11)
        #expect(usage["estimated"] as? Bool == true)
    }

    @Test func theEnginesOwnCountsAreUsedWhereItTellsThem() throws {
        var request = GenerationRequest(format: .chatCompletions)
        request.includeUsage = true
        let chunk =
            #"data: {"id":"c","choices":[{"index":0,"delta":{"content":"a"}}],"#
            + #""usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"# + "\n\n"
        var (guarded, _) = StreamState(name: "", events: [chunk]).guarded(request)
        let told = payloads(guarded.end(.userStop))
        let usage = try #require(try json(told[told.count - 2])["usage"] as? [String: Any])
        #expect(usage["completion_tokens"] as? Int == 3)
        #expect(usage["estimated"] == nil)
    }

    @Test func T3_halfAnEventIsNeverPassedOn() {
        let state = StreamState(name: "", events: [StreamState.role])
        var (guarded, _) = state.guarded(state.request)
        let half = Array(StreamState.chunk(#"{"content":"lost"}"#).utf8.prefix(60))
        #expect(guarded.receive(half.span).forward == .bytes([]))
        #expect(!String(decoding: guarded.end(.userStop), as: UTF8.self).contains("lost"))
    }

    @Test func T2_everyOpenChoiceGetsItsOwnEnd() throws {
        var request = GenerationRequest(format: .chatCompletions)
        request.choices = 3
        let events = [
            StreamState.chunk(#"{"content":"a"}"#, index: 0), StreamState.chunk(#"{"content":"b"}"#, index: 1),
            StreamState.chunk("{}", finish: #""stop""#, index: 1),
        ]
        var (guarded, _) = StreamState(name: "", events: events).guarded(request)
        let told = try payloads(guarded.end(.userStop)).dropLast().map(json)
        let ends = told.compactMap { ($0["choices"] as? [[String: Any]])?.first }
            .filter { $0["finish_reason"] as? String == "length" }.map { $0["index"] as? Int }
        #expect(ends == [0, 2])
    }

    @Test func S14_aFaultIsNoSuccess() throws {
        let state = StreamState(name: "", events: [StreamState.role])
        var (guarded, _) = state.guarded(state.request)
        let told = payloads(guarded.fail("the engine closed the connection"))
        #expect(told.count == 1)
        let error = try #require(try json(told[0])["error"] as? [String: Any])
        #expect(error["message"] as? String == "the engine closed the connection")
        #expect(error["code"] as? String == "upstream_lost")
    }

    @Test(arguments: ["repetition", "abort"])
    func anEnginesReasonOutsideTheListBecomesLength(reason: String) {
        let finish = StreamState.chunk("{}", finish: "\"\(reason)\"")
        let state = StreamState(name: "", events: [StreamState.role, finish])
        let (guarded, passed) = state.guarded(state.request)
        #expect(
            passed == Array((StreamState.role + StreamState.chunk("{}", finish: #""length""#)).utf8)
        )
        #expect(guarded.isComplete)
    }

    @Test func aReasonIsLeftAloneWhenNothingMayBeStopped() {
        var settings = GuardSettings()
        settings.mode = .observe
        let finish = StreamState.chunk("{}", finish: #""repetition""#)
        let state = StreamState(name: "", events: [finish])
        #expect(state.guarded(state.request, settings).1 == Array(finish.utf8))
    }

    @Test func aCutCallIsDroppedWhenTheRulesSaySo() throws {
        var settings = GuardSettings()
        settings.truncatedCalls = .drop
        let finish = StreamState.chunk("{}", finish: #""tool_calls""#)
        let state = StreamState(name: "", events: [StreamState.role, StreamState.call, StreamState.half, finish])
        let (guarded, passed) = state.guarded(state.request, settings)
        let told = payloads(passed)
        #expect(!told.contains { $0.contains("tool_calls") })
        let last = try #require((try json(told.last ?? "")["choices"] as? [[String: Any]])?.first)
        #expect(last["finish_reason"] as? String == "length")
        #expect(last["stop_reason"] as? String == "truncated_tool_call")
        #expect(guarded.isComplete)
    }
}

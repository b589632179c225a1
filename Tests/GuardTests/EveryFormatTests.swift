import Cancellation
import Foundation
import GenerationWire
import Guard
import LoopDetection
import Testing

/// Writes streams in any format, as an engine would.
struct Engine {
    let format: WireFormat
    private(set) var body = ""
    private var sequence = 0
    private var items = 0
    private var tokens = 0

    init(_ format: WireFormat) {
        self.format = format
        switch format {
        case .messages:
            event(
                "message_start",
                #""message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"#
                    + #""usage":{"input_tokens":9,"output_tokens":1}}"#
            )
        case .responses:
            event("response.created", #""response":{"id":"r","object":"response","created_at":5,"model":"m"}"#)
        default: break
        }
    }

    /// One text in many deltas, in a block or item of its own.
    mutating func say(_ deltas: [String], reasoning: Bool = false) {
        let kind = reasoning ? "thinking" : "text"
        switch format {
        case .messages:
            event("content_block_start", #""index":\#(items),"content_block":{"type":"\#(kind)","\#(kind)":""}"#)
            for delta in deltas {
                event(
                    "content_block_delta",
                    #""index":\#(items),"delta":{"type":"\#(kind)_delta","\#(kind)":"\#(delta)"}"#
                )
            }
            event("content_block_stop", #""index":\#(items)"#)
        case .responses: sayItem(deltas, reasoning: reasoning)
        case .ollamaChat:
            for delta in deltas {
                line(
                    #""message":{"role":"assistant","content":"\#(reasoning ? "" : delta)""#
                        + (reasoning ? #","thinking":"\#(delta)"}"# : "}")
                )
            }
        case .ollamaGenerate:
            for delta in deltas {
                line(#""response":"\#(reasoning ? "" : delta)","thinking":"\#(reasoning ? delta : "")""#)
            }
        case .llamaCompletion:
            for delta in deltas {
                tokens += 1
                body +=
                    #"data: {"index":0,"content":"\#(delta)","stop":false,"tokens_predicted":\#(tokens),"#
                    + #""tokens_evaluated":9}"# + "\n\n"
            }
        case .chatCompletions:
            for delta in deltas {
                body += StreamState.chunk(#"{"\#(reasoning ? "reasoning" : "content")":"\#(delta)"}"#)
            }
        case .completions: for delta in deltas { body += StreamState.text(delta) }
        }
        items += 1
    }

    private mutating func sayItem(_ deltas: [String], reasoning: Bool) {
        let id = #""item_id":"i\#(items)","output_index":\#(items)"#
        let item = reasoning ? #""type":"reasoning","summary":"# : #""type":"message","role":"assistant","content":"#
        let part = reasoning ? "summary_text" : "output_text"
        let (partEvent, textEvent, index) =
            reasoning
            ? ("response.reasoning_summary_part", "response.reasoning_summary_text", "summary_index")
            : ("response.content_part", "response.output_text", "content_index")
        event("response.output_item.added", #""output_index":\#(items),"item":{"id":"i\#(items)",\#(item)[]}"#)
        event(partEvent + ".added", #"\#(id),"\#(index)":0,"part":{"type":"\#(part)","text":""}"#)
        for delta in deltas { event(textEvent + ".delta", #"\#(id),"\#(index)":0,"delta":"\#(delta)""#) }
        let whole = #"{"type":"\#(part)","text":"\#(deltas.joined())"}"#
        event(textEvent + ".done", #"\#(id),"\#(index)":0,"text":"\#(deltas.joined())""#)
        event(partEvent + ".done", #"\#(id),"\#(index)":0,"part":\#(whole)"#)
        event("response.output_item.done", #""output_index":\#(items),"item":{"id":"i\#(items)",\#(item)[\#(whole)]}"#)
    }

    /// One whole call, its arguments in two fragments where the format has fragments.
    mutating func call(_ name: String, _ arguments: String) {
        beginCall(name)
        fragment(String(arguments.prefix(3)), of: items)
        fragment(String(arguments.dropFirst(3)), of: items)
        endCall(name, arguments)
        items += 1
    }

    mutating func beginCall(_ name: String, at place: Int? = nil) {
        let place = place ?? items
        switch format {
        case .messages:
            event(
                "content_block_start",
                #""index":\#(place),"content_block":{"type":"tool_use","id":"t\#(place)","name":"\#(name)","input":{}}"#
            )
        case .responses:
            event(
                "response.output_item.added",
                #""output_index":\#(place),"item":\#(item(place, name, "", "in_progress"))"#
            )
        default: break
        }
    }

    mutating func fragment(_ text: String, of place: Int) {
        let escaped = text.replacing("\"", with: "\\\"")
        switch format {
        case .messages:
            event(
                "content_block_delta",
                #""index":\#(place),"delta":{"type":"input_json_delta","partial_json":"\#(escaped)"}"#
            )
        case .responses:
            event(
                "response.function_call_arguments.delta",
                #""item_id":"i\#(place)","output_index":\#(place),"delta":"\#(escaped)""#
            )
        default: break
        }
    }

    private mutating func endCall(_ name: String, _ arguments: String) {
        let escaped = arguments.replacing("\"", with: "\\\"")
        switch format {
        case .messages: event("content_block_stop", #""index":\#(items)"#)
        case .responses:
            event(
                "response.function_call_arguments.done",
                #""item_id":"i\#(items)","output_index":\#(items),"arguments":"\#(escaped)""#
            )
            event(
                "response.output_item.done",
                #""output_index":\#(items),"item":\#(item(items, name, escaped, "completed"))"#
            )
        case .ollamaChat:
            line(
                #""message":{"role":"assistant","content":"","tool_calls":[{"function":"#
                    + #"{"name":"\#(name)","arguments":\#(arguments)}}]}"#
            )
        default: break
        }
    }

    private func item(_ place: Int, _ name: String, _ arguments: String, _ status: String) -> String {
        #"{"id":"i\#(place)","type":"function_call","status":"\#(status)","arguments":"\#(arguments)","#
            + #""call_id":"c\#(place)","name":"\#(name)"}"#
    }

    mutating func event(_ type: String, _ members: String) {
        let number = format == .responses ? #""sequence_number":\#(sequence),"# : ""
        body += "event: \(type)\ndata: {\"type\":\"\(type)\",\(number)\(members)}\n\n"
        sequence += 1
    }

    private mutating func line(_ members: String) {
        body += #"{"model":"m","created_at":"2026-03-01T12:00:00Z",\#(members),"done":false}"# + "\n"
    }
}

private let newFormats: [WireFormat] = [.messages, .responses, .ollamaChat, .ollamaGenerate, .llamaCompletion]
private let callFormats: [WireFormat] = [.messages, .responses, .ollamaChat]

private func looping(_ format: WireFormat, reasoning: Bool = false) -> String {
    var engine = Engine(format)
    if reasoning { engine.say(["Let me think."], reasoning: true) } else { engine.say(["Here it comes: "]) }
    engine.say(Array(repeating: "I will do it now. ", count: 600), reasoning: reasoning)
    return engine.body
}

@Suite struct ALoopInAnyFormatIsEnded {
    @Test(arguments: newFormats)
    func inText(format: WireFormat) throws {
        let passage = Passage(looping(format), GenerationRequest(format: format))
        let trip = try #require(passage.trip)
        #expect(trip.detector == .tailRepeat && trip.channel == .content)
        #expect(Grammar(format, passage.output).faults.isEmpty, "\(passage.text)")
        #expect(passage.text.contains("guard:tail_repeat") && passage.text.contains(#""evidence":{"#))
        #expect(!passage.text.contains("loopguard: generation stopped"))
        #expect(passage.text.components(separatedBy: "do it now").count < 500)
    }

    @Test(arguments: [WireFormat.messages, .responses, .ollamaChat, .ollamaGenerate])
    func inReasoning(format: WireFormat) throws {
        let passage = Passage(looping(format, reasoning: true), GenerationRequest(format: format))
        #expect(try #require(passage.trip).channel == .reasoning)
        #expect(Grammar(format, passage.output).faults.isEmpty, "\(passage.text)")
        // A text that is generated into a document gets no note.
        #expect(passage.text.contains("[loopguard: generation stopped]") == (format != .ollamaGenerate))
    }

    @Test(arguments: newFormats, [1, 3, 7, 64, 1_000])
    func atTheSameByteHoweverTheStreamIsCut(format: WireFormat, size: Int) {
        let whole = Passage(looping(format), GenerationRequest(format: format))
        let cut = Passage(looping(format), GenerationRequest(format: format), every: size)
        #expect(whole.trip != nil)
        #expect(cut.output == whole.output)
        #expect(cut.verdicts == whole.verdicts)
    }

    @Test(arguments: callFormats)
    func beforeTheSameCallPassesAThirdTime(format: WireFormat) throws {
        var engine = Engine(format)
        for _ in 0..<5 { engine.call("look", #"{"at":"the sea"}"#) }
        for size in [1, 50, 1 << 20] {
            let passage = Passage(engine.body, GenerationRequest(format: format), every: size)
            #expect(try #require(passage.trip).detector == .argumentDedup)
            let grammar = Grammar(format, passage.output)
            #expect(grammar.faults.isEmpty, "\(passage.text)")
            let name = format == .responses ? #""name":"look","input"# : #""name":"look""#
            let passed = passage.text.components(separatedBy: name).count - 1
            #expect(format == .responses ? grammar.calls.count == 2 : passed == 2)
        }
    }

    @Test(arguments: newFormats)
    func butNotWhenTheRulesOnlyObserve(format: WireFormat) {
        var settings = GuardSettings()
        settings.mode = .observe
        let passage = Passage(looping(format), GenerationRequest(format: format), settings: settings)
        #expect(passage.trip == nil && !passage.verdicts.isEmpty)
        #expect(passage.text == looping(format))
    }

    @Test func inTextThatComesWithoutDeltas() throws {
        var engine = Engine(.responses)
        let text = String(repeating: "I will do it now. ", count: 600)
        engine.event(
            "response.output_text.done",
            #""item_id":"i0","output_index":0,"content_index":0,"text":"\#(text)""#
        )
        #expect(try #require(Passage(engine.body, GenerationRequest(format: .responses)).trip).detector == .tailRepeat)
    }

    @Test func butWhatIsRepeatedAtTheEndOfItsItemCountsOnce() {
        // Just short of a conviction; twice as much would be one.
        var engine = Engine(.responses)
        engine.say(Array(repeating: "loopity ", count: 100))
        let passage = Passage(engine.body, GenerationRequest(format: .responses))
        #expect(passage.verdicts.isEmpty && passage.text == engine.body)
    }

    @Test func onALastLineWithoutALineEnd() {
        var engine = Engine(.ollamaChat)
        for _ in 0..<3 { engine.call("look", #"{"at":"the sea"}"#) }
        let passage = Passage(String(engine.body.dropLast()), GenerationRequest(format: .ollamaChat))
        #expect(passage.trip?.detector == .argumentDedup)
        #expect(passage.text.components(separatedBy: "tool_calls").count == 3)
        #expect(Grammar(.ollamaChat, passage.output).faults.isEmpty)
    }

    @Test func theEnginesOwnToolsMayBeCalledAgain() {
        var body = Engine(.messages).body
        for index in 0..<6 {
            body +=
                "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":\(index),"
                + #""content_block":{"type":"server_tool_use","id":"s\#(index)","name":"run","input":{"run":"tests"}}}"#
                + "\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":\(index)}\n\n"
        }
        let passage = Passage(body, GenerationRequest(format: .messages))
        #expect(passage.verdicts.isEmpty && passage.text == body)
    }
}

@Suite struct HeldCallsInEveryFormat {
    @Test(arguments: [WireFormat.messages, .responses])
    func T4_nothingOfACallPassesBeforeItIsWhole(format: WireFormat) {
        var engine = Engine(format)
        let beginning = engine.body
        engine.beginCall("look")
        engine.fragment(#"{"at":"#, of: 0)
        #expect(Passage(engine.body, GenerationRequest(format: format)).text == engine.body, "the end lets it go")
        var guarded = GuardedStream(request: .init(format: format), settings: .init(), runID: "run_1")
        let received = Array(engine.body.utf8)
        #expect(guarded.receive(received.span).forward.bytes(of: received.span) == Array(beginning.utf8))
        engine = Engine(format)
        engine.fragment("\"sea\"}", of: 0)
        let rest = Array(engine.body.dropFirst(beginning.count).utf8)
        #expect(guarded.receive(rest.span).forward.bytes(of: rest.span).count > rest.count)
    }

    /// Two calls at once; only the second is whole when the run is ended.
    @Test(arguments: [WireFormat.messages, .responses])
    func whatFollowsADroppedCallMovesUp(format: WireFormat) throws {
        var engine = Engine(format)
        engine.beginCall("look", at: 0)
        engine.beginCall("listen", at: 1)
        engine.fragment(#"{"at":"#, of: 0)
        engine.fragment(#"{"to":"gulls"}"#, of: 1)
        var guarded = GuardedStream(request: .init(format: format), settings: .init(), runID: "run_1")
        let received = Array(engine.body.utf8)
        let passed = guarded.receive(received.span).forward.bytes(of: received.span)
        let body = passed + guarded.end(.userStop)
        let grammar = Grammar(format, body)
        let text = String(decoding: body, as: UTF8.self)
        #expect(grammar.faults.isEmpty, "\(text)")
        #expect(grammar.calls == [#"{"to":"gulls"}"#])
        #expect(!text.contains("look") && text.contains("listen"))
    }

    @Test(arguments: ["messages-tool-cut.sse", "messages-tool-cut-but-stopped.sse", "responses-call-cut.sse"])
    func aCallThatTheEngineCutIsDroppedWhenTheRulesSaySo(name: String) throws {
        let stream = try #require(Stream.healthy.first { $0.name == name })
        var settings = GuardSettings()
        settings.truncatedCalls = .drop
        for size in [1, 1 << 20] {
            let text = String(decoding: stream.body, as: UTF8.self)
            let passage = Passage(text, stream.request, settings: settings, every: size)
            #expect(Grammar(stream.request.format, passage.output).faults.isEmpty, "\(passage.text)")
            #expect(!passage.text.contains("tool_use") && !passage.text.contains("function_call"))
            #expect(passage.text.contains(#""reason":"truncated_tool_call""#))
        }
    }

    @Test func aCallTooLongToHoldPasses() {
        var settings = GuardSettings()
        settings.maxHeldBytes = 2_000
        settings.detectors.argumentRepeat.mode = .off
        var engine = Engine(.messages)
        engine.beginCall("write")
        for number in 0..<100 { engine.fragment("{\"n\(number)\":[\(number * 7919)", of: 0) }
        let passage = Passage(engine.body, GenerationRequest(format: .messages), settings: settings, every: 100)
        #expect(passage.text == engine.body)
    }
}

@Suite struct KeepingAClientWaiting {
    private func guarded(
        _ format: WireFormat,
        _ kind: GuardSettings.KeepAlive,
        after body: String = ""
    ) -> GuardedStream {
        var settings = GuardSettings()
        settings.keepAlive = kind
        var guarded = GuardedStream(request: .init(format: format), settings: settings, runID: "run_1", created: 5)
        _ = guarded.receive(Array(body.utf8).span)
        return guarded
    }

    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test(arguments: WireFormat.allCases)
    func nothingIsSentUnlessTheRulesSaySo(format: WireFormat) {
        var guarded = guarded(format, .none, after: Engine(format).body)
        #expect(guarded.keepAlive() == nil)
    }

    @Test(arguments: WireFormat.allCases)
    func commentsExistInServerSentEvents(format: WireFormat) {
        var guarded = guarded(format, .comment)
        let isLines = format == .ollamaChat || format == .ollamaGenerate
        #expect(text(guarded.keepAlive()) == (isLines ? nil : ": keep-alive\n\n"))
    }

    @Test func aCommentAfterAnIDHasNoBlankLine() {
        var guarded = guarded(.chatCompletions, .comment, after: "id: 1\n" + StreamState.role)
        #expect(text(guarded.keepAlive()) == ": keep-alive\n")
    }

    @Test func eventsAreOfTheFormat() {
        var messages = guarded(.messages, .event)
        #expect(text(messages.keepAlive()) == "event: ping\ndata: {\"type\":\"ping\"}\n\n")
        var chat = guarded(.chatCompletions, .event)
        #expect(chat.keepAlive() == nil, "there is no id yet")
        _ = chat.receive(Array(StreamState.role.utf8).span)
        #expect(text(chat.keepAlive())?.contains(#""delta":{},"logprobs":null,"finish_reason":null"#) == true)
        var ollama = guarded(.ollamaChat, .event)
        #expect(text(ollama.keepAlive())?.hasSuffix("\"done\":false}\n") == true)
    }

    @Test func inResponsesWhatFollowsIsNumberedAnew() {
        var engine = Engine(.responses)
        engine.say(["It is", " Wick."])
        engine.call("look", #"{"at":"the sea"}"#)
        let events = engine.body.components(separatedBy: "\n\n").dropLast().map { Array(($0 + "\n\n").utf8) }
        var guarded = guarded(.responses, .event)
        #expect(guarded.keepAlive() == nil, "the response has not begun")
        var output: [UInt8] = []
        for event in events {
            output += guarded.receive(event.span).forward.bytes(of: event.span)
            output += guarded.keepAlive() ?? []
        }
        output += guarded.end(.userStop)
        #expect(Grammar(.responses, output).faults.isEmpty, "\(String(decoding: output, as: UTF8.self))")
        let sent =
            String(decoding: output, as: UTF8.self).components(separatedBy: "event: response.in_progress").count - 1
        #expect(sent == events.count)
        #expect(guarded.keepAlive() == nil, "the response has ended")
    }
}

@Suite struct FaultsInEveryFormat {
    @Test(arguments: [
        (
            WireFormat.messages,
            #"event: error\#ndata: {"type":"error","error":{"type":"api_error","message":"gone"}}\#n\#n"#
        ),
        (
            .responses,
            #"event: error\#ndata: {"type":"error","sequence_number":1,"code":"server_error","message":"gone","param":null}"#
                + "\n\n"
        ),
        (.ollamaChat, #"{"error":"gone"}\#n"#), (.ollamaGenerate, #"{"error":"gone"}\#n"#),
        (.llamaCompletion, #"data: {"error":{"code":502,"message":"gone","type":"server_error"}}\#n\#n"#),
    ])
    func areToldAsTheFormatTellsThem(format: WireFormat, expected: String) {
        var guarded = GuardedStream(request: .init(format: format), settings: .init(), runID: "run_1")
        _ = guarded.receive(Array(Engine(format).body.utf8).span)
        #expect(String(decoding: guarded.fail("gone"), as: UTF8.self) == expected)
        #expect(guarded.end(.userStop).isEmpty)
    }
}

@Suite struct CountsInAnEnding {
    private func ended(_ format: WireFormat, after body: String) -> String {
        var guarded = GuardedStream(request: .init(format: format), settings: .init(), runID: "run_1")
        _ = guarded.receive(Array(body.utf8).span)
        return String(decoding: guarded.end(.userStop), as: UTF8.self)
    }

    @Test func areTheEnginesOwnWhereItTells() {
        var engine = Engine(.llamaCompletion)
        engine.say(Array(repeating: "sea ", count: 7))
        #expect(ended(.llamaCompletion, after: engine.body).contains(#""tokens_predicted":7,"tokens_evaluated":9"#))
        engine = Engine(.responses)
        engine.event(
            "response.output_text.delta",
            #""output_index":0,"delta":"x","timings":{"prompt_n":9,"predicted_n":4}"#
        )
        let text = ended(.responses, after: engine.body)
        #expect(text.contains(#""output_tokens":4"#) && !text.contains("estimated"))
    }

    @Test(arguments: newFormats.filter { $0 != .llamaCompletion })
    func areMarkedWhereTheyAreEstimated(format: WireFormat) {
        var engine = Engine(format)
        engine.say(["one ", "two ", "three"])
        let text = ended(format, after: engine.body)
        #expect(
            text.contains(
                format == .messages || format == .responses ? #""estimated":true"# : #""usage_estimated":true"#
            )
        )
        #expect(text.contains(format == .messages || format == .responses ? #""output_tokens":3"# : #""eval_count":3"#))
    }
}

@Suite struct NumbersBeyondAllReason {
    @Test(arguments: WireFormat.allCases, ["9223372036854775807", "-9223372036854775808"])
    func endNoProgram(format: WireFormat, number: String) {
        for stream in Stream.healthy where stream.request.format == format {
            var text = String(decoding: stream.body, as: UTF8.self)
            for member in [
                "index", "sequence_number", "output_index", "tokens_predicted", "output_tokens", "eval_count",
            ] {
                text = text.replacing(try! Regex("\"\(member)\":[0-9]+"), with: "\"\(member)\":\(number)")
            }
            var settings = GuardSettings()
            settings.keepAlive = .event
            for size in [200, text.utf8.count] {
                var guarded = GuardedStream(request: stream.request, settings: settings, runID: "run_1")
                let received = Array(text.utf8.prefix(size))
                _ = guarded.receive(received.span)
                _ = guarded.keepAlive()
                #expect(!guarded.end(.userStop).isEmpty || guarded.isComplete || format == .llamaCompletion)
            }
        }
    }
}

import Foundation
import GenerationWire
import Testing

/// A stream and the answer that the same engine gives to the same request without `stream`.
struct Pair: Sendable, CustomTestStringConvertible {
    var name: String
    var format: WireFormat
    var stream: [UInt8]
    var answer: [UInt8]

    var testDescription: String { name }
    /// Whether the format counts tokens in members of its own.
    var isNative: Bool { format == .ollamaChat || format == .ollamaGenerate || format == .llamaCompletion }

    /// Every pair in `fixtures/pairs`, named by its format.
    static let all: [Pair] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("fixtures/pairs")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension != "json" }.compactMap { file in
            let name = file.deletingPathExtension().lastPathComponent
            guard let format = WireFormat(rawValue: String(name.prefix { $0 != "-" })),
                let stream = try? Data(contentsOf: file),
                let answer = try? Data(contentsOf: file.deletingPathExtension().appendingPathExtension("json"))
            else { return nil }
            return Pair(name: name, format: format, stream: Array(stream), answer: Array(answer))
        }.sorted { $0.name < $1.name }
    }()
}

/// The body that a stream comes to.
private func aggregate(_ stream: [UInt8], _ format: WireFormat, piece: Int = .max) -> StreamAggregator.Result {
    var aggregator = StreamAggregator(for: GenerationRequest(format: format))
    var start = 0
    while start < stream.count {
        let end = start + min(piece, stream.count - start)
        aggregator.receive(stream.span.extracting(start..<end))
        start = end
    }
    return aggregator.finish()
}

private func body(_ result: StreamAggregator.Result) -> [UInt8] {
    if case .body(let body) = result { return body }
    return []
}

/// A value without ids, times and members that are null.
private func comparable(_ value: Any) -> NSObject {
    let passing: Set = ["id", "created", "created_at", "timings", "system_fingerprint", "load_duration"]
    if let object = value as? [String: Any] {
        var kept: [String: NSObject] = [:]
        for (key, value) in object where !passing.contains(key) && !key.hasSuffix("_duration") && !(value is NSNull) {
            kept[key] = comparable(value)
        }
        return kept as NSDictionary
    }
    if let list = value as? [Any] { return list.map(comparable) as NSArray }
    return value as? NSObject ?? NSNull()
}

private func comparable(_ body: [UInt8], withUsage: Bool = true) throws -> NSObject {
    var object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
    if !withUsage { object["usage"] = nil }
    return comparable(object)
}

@Suite struct PuttingAStreamTogether {
    @Test func everyFormatHasAPair() {
        #expect(Set(Pair.all.map(\.format)) == Set(WireFormat.allCases))
    }

    @Test(arguments: Pair.all) func theAnswerIsTheEnginesOwn(pair: Pair) throws {
        let whole = body(aggregate(pair.stream, pair.format))
        // llama-cpp-python counts no tokens of a stream: what it does not tell is not in the answer.
        let hasUsage = String(decoding: pair.stream, as: UTF8.self).contains("\"usage\"") || pair.isNative
        #expect(
            try comparable(whole) == comparable(pair.answer, withUsage: hasUsage),
            "\(String(decoding: whole, as: UTF8.self))"
        )
    }

    @Test(arguments: Pair.all) func theAnswerDoesNotDependOnHowTheStreamIsCut(pair: Pair) {
        let whole = aggregate(pair.stream, pair.format)
        for piece in [1, 2, 7, 64] { #expect(aggregate(pair.stream, pair.format, piece: piece) == whole) }
    }

    @Test(arguments: WireFormat.allCases) func aStreamOfNothingIsNoAnswer(format: WireFormat) {
        #expect(aggregate([], format) == .nothing)
        #expect(aggregate(Array(": keep-alive\n\ndata: [DONE]\n\n".utf8), format) == .nothing)
    }

    @Test(arguments: Pair.all) func aStreamThatBreaksOffIsNoAnswer(pair: Pair) {
        // What remains when the last chunk with a finish, and all that follows it, is missing.
        let text = String(decoding: pair.stream, as: UTF8.self).replacingOccurrences(of: "\": ", with: "\":")
        let ends = [
            #""finish_reason":"stop""#, #""finish_reason":"length""#, #""finish_reason":"tool_calls""#,
            "event: response.completed", "event: message_delta", #""done":true"#, #""stop":true"#,
        ].compactMap { text.range(of: $0)?.lowerBound }
        let lines = text[..<(ends.min() ?? text.endIndex)]
        let kept = lines.lastIndex(of: "\n").map { text[...$0] } ?? ""
        #expect(aggregate(Array(kept.utf8), pair.format) == .nothing)
    }

    @Test func numbersAndEscapesStayAsTheyAreWritten() {
        let stream =
            #"data: {"x":1.50e+00,"choices":[{"index":0,"delta":{"content":"a\/\ud83d"},"finish_reason":null}]}"#
            + "\n\n"
            + #"data: {"choices":[{"index":0,"delta":{"content":"\ude00"},"finish_reason":"stop"}]}"# + "\n\n"
        let text = String(decoding: body(aggregate(Array(stream.utf8), .chatCompletions)), as: UTF8.self)
        #expect(text.contains(#""content":"a\/\ud83d\ude00""#) && text.contains(#""x":1.50e+00"#))
    }

    @Test(arguments: [
        (WireFormat.chatCompletions, #"data: {"error":{"message":"m","code":503}}"#, 503),
        (.completions, #"data: {"error":{"message":"m","code":"x"}}"#, 0),
        (.messages, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}", 0),
        (.ollamaChat, #"{"error":"m"}"#, 0),
        (.llamaCompletion, #"data: {"error":{"code":500,"message":"m","type":"server_error"}}"#, 500),
    ])
    func anErrorInTheStreamIsTheAnswer(format: WireFormat, event: String, status: Int) {
        guard case .failure(let body, let seen) = aggregate(Array((event + "\n\n").utf8), format) else {
            Issue.record("no failure")
            return
        }
        #expect(seen ?? 0 == status)
        #expect(event.hasSuffix(String(decoding: body, as: UTF8.self).trimmingCharacters(in: .newlines)))
    }

    @Test func aResponsesErrorBecomesAnErrorObject() {
        let event = #"data: {"type":"error","sequence_number":4,"code":"server_error","message":"m","param":null}"#
        let expected = #"{"error":{"message":"m","type":"server_error","param":null,"code":"server_error"}}"#
        #expect(aggregate(Array((event + "\n\n").utf8), .responses) == .failure(Array(expected.utf8), status: nil))
    }

    @Test func aCallThatWasCutIsNoBlockOfAMessage() {
        let stream = [
            #"{"type":"message_start","message":{"id":"m","content":[]}}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"}}"#,
            #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f"}}"#,
            #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#,
            #"{"type":"message_delta","delta":{"stop_reason":"max_tokens"}}"#,
        ].map { "event: x\ndata: \($0)\n\n" }.joined()
        let text = String(decoding: body(aggregate(Array(stream.utf8), .messages)), as: UTF8.self)
        #expect(text == #"{"id":"m","content":[{"type":"text","text":"a"}],"stop_reason":"max_tokens"}"#)
    }
}

@Suite struct CuttingALoop {
    private func chat(_ message: String) -> StreamAggregator {
        var aggregator = StreamAggregator(for: GenerationRequest(format: .chatCompletions))
        aggregator.receive(
            Array("data: {\"choices\":[{\"index\":0,\"delta\":{\(message)},\"finish_reason\":\"length\"}]}\n\n".utf8)
                .span
        )
        return aggregator
    }

    private func content(_ aggregator: StreamAggregator) throws -> [String: Any] {
        var aggregator = aggregator
        let json = try JSONSerialization.jsonObject(with: Data(body(aggregator.finish()))) as? [String: Any]
        let choices = json?["choices"] as? [[String: Any]]
        return choices?.first?["message"] as? [String: Any] ?? [:]
    }

    @Test func oneCopyStaysAndNoCharacterIsCut() throws {
        var aggregator = chat(#""content":"x\n\u00fcüüü""#)
        aggregator.cut(.content, ofChoice: 0, TextCut(bytes: 5))
        #expect(try content(aggregator)["content"] as? String == "x\nü")
    }

    @Test func linesThatHaveBeenThereBeforeGo() throws {
        var aggregator = chat(#""content":"one\ntwo\n\nthree\ntwo\n\nthree\ntwo\n\nthr""#)
        aggregator.cut(.content, ofChoice: 0, TextCut(repeats: .equal))
        #expect(try content(aggregator)["content"] as? String == "one\ntwo\n\nthree")
    }

    @Test func numberedLinesAreTheSameLine() throws {
        var aggregator = chat(#""content":"Intro\nItem 9: x\nItem 10: x\nItem 11: x\n""#)
        aggregator.cut(.content, ofChoice: 0, TextCut(repeats: .numbered))
        #expect(try content(aggregator)["content"] as? String == "Intro\nItem 9: x")
    }

    @Test func sentencesInOneLineAreSegmentsToo() throws {
        var aggregator = chat(#""content":"Well. I try step 1 now. I try step 12 now. Hm! I try step 3""#)
        aggregator.cut(.content, ofChoice: 0, TextCut(repeats: .numbered))
        #expect(try content(aggregator)["content"] as? String == "Well. I try step 1 now. I try step 12 now. Hm!")
        aggregator = chat(#""content":"Well. I try step 1 now. I try step 12 now. I try step 3""#)
        aggregator.cut(.content, ofChoice: 0, TextCut(repeats: .numbered))
        #expect(try content(aggregator)["content"] as? String == "Well. I try step 1 now.")
    }

    @Test func thoughtsAreCutWhereverTheyStand() throws {
        var own = chat(#""reasoning_content":"aaaa","content":"note""#)
        own.cut(.reasoning, ofChoice: 0, TextCut(bytes: 1))
        #expect(try content(own)["reasoning_content"] as? String == "a")
        #expect(try content(own)["content"] as? String == "note")
        var tagged = chat(#""content":"<think>aaaa</think>\n\nnote""#)
        tagged.cut(.reasoning, ofChoice: 0, TextCut(bytes: 1))
        #expect(try content(tagged)["content"] as? String == "<think>a</think>\n\nnote")
        var answer = chat(#""content":"<think>a</think>bbbb""#)
        answer.cut(.content, ofChoice: 0, TextCut(bytes: 2))
        #expect(try content(answer)["content"] as? String == "<think>a</think>bb")
    }

    @Test func textInSeveralBlocksIsOneText() throws {
        var aggregator = StreamAggregator(for: GenerationRequest(format: .messages))
        let stream = [
            #"{"type":"message_start","message":{"content":[],"stop_reason":"max_tokens"}}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"ab"}}"#,
            #"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"cd"}}"#,
        ].map { "data: \($0)\n\n" }.joined()
        aggregator.receive(Array(stream.utf8).span)
        aggregator.cut(.content, ofChoice: 0, TextCut(bytes: 3))
        let text = String(decoding: body(aggregator.finish()), as: UTF8.self)
        #expect(
            text == #"{"content":[{"type":"text","text":"ab"},{"type":"text","text":"c"}],"stop_reason":"max_tokens"}"#
        )
    }
}

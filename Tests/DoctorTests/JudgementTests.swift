import Engines
import Foundation
import GenerationWire
import Testing

@testable import Doctor

@Suite struct JudgingAStop {
    private func judge(_ sight: StopJudgement.Sight, _ remaining: Duration) -> StopJudgement {
        StopJudgement(sight, remaining: remaining, after: "the close")
    }

    @Test func idlenessLongBeforeTheEndIsAStop() {
        let judgement = judge(.idle(after: .milliseconds(20)), .seconds(4))
        #expect(judgement.behaviour == .stopped)
        #expect(judgement.text == "idle 20 ms after the close; uncut it went on for 4.00 s")
        #expect(judge(.idle(after: .milliseconds(2_100)), .seconds(6)).behaviour == .stopped)
    }

    @Test func idlenessAtTheEndIsNone() {
        #expect(judge(.idle(after: .milliseconds(3_900)), .seconds(4)).behaviour == .wentOn)
        #expect(judge(.busy(for: .seconds(7)), .seconds(4)).behaviour == .wentOn)
    }

    @Test func nothingIsClaimedWhereTheEndWasNear() {
        #expect(judge(.idle(after: .seconds(2)), .seconds(4)).behaviour == .unknown)
        #expect(judge(.idle(after: .zero), .milliseconds(200)).behaviour == .unknown)
        #expect(judge(.idle(after: .zero), .seconds(-1)).behaviour == .unknown)
        #expect(judge(.busy(for: .seconds(1)), .seconds(4)).behaviour == .unknown)
        #expect(judge(.nothing("it is dark"), .seconds(4)).text == "cannot be told: it is dark")
    }

    @Test func aCloseWhileReadingHasThreeEnds() {
        func judge(_ sight: StopJudgement.Sight) -> StopJudgement {
            StopJudgement(prefill: sight, unread: .seconds(2), writing: .seconds(4))
        }
        #expect(judge(.idle(after: .milliseconds(50))).behaviour == .stopped)
        let late = judge(.idle(after: .seconds(2)))
        #expect(late.behaviour == .stopped && late.text.contains("it read the rest of the prompt first"))
        #expect(late.verdict == .odd)
        #expect(judge(.idle(after: .seconds(6))).behaviour == .wentOn)
        let slow = StopJudgement(prefill: .idle(after: .seconds(45)), unread: .seconds(36), writing: .seconds(7))
        #expect(slow.behaviour == .unknown && slow.verdict == .odd)
        #expect(judge(.busy(for: .seconds(10))).behaviour == .wentOn)
        #expect(judge(.nothing("x")).behaviour == .unknown)
    }
}

@Suite struct AProbe {
    @Test(arguments: WireFormat.allCases, [true, false])
    func isARequestInItsFormat(format: WireFormat, streams: Bool) throws {
        var probe = ProbeRequest(format, model: "m\"1", maxTokens: 7)
        probe.streams = streams
        probe.ignoresEnd = true
        probe.prompt = ProbeRequest.longPrompt(words: 100)
        let body = Array(probe.body.utf8)
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(body)) }
        let parsed = GenerationRequest(path: probe.path, body: body.span)
        let request = try #require(parsed)
        #expect(request.format == format && request.stream == streams)
        #expect(format == .llamaCompletion || request.model == "m\"1")
        #expect(request.includeUsage == (streams || !format.givesUsageOnRequest))
    }

    @Test func ofLengthIsNeverTheSameTwice() {
        let prompts = (0..<20).map { _ in ProbeRequest.longPrompt(words: 400).prefix(16) }
        #expect(Set(prompts).count == 20)
    }

    @Test func isNamedAsTheEngineWantsIt() throws {
        var field = ProbeRequest(.chatCompletions, model: "m", maxTokens: 1)
        let ridName = field.name(.field("rid"))
        let rid = try #require(ridName)
        #expect(field.body.contains("\"rid\":\"\(rid)\""))
        var number = ProbeRequest(.chatCompletions, model: "m", maxTokens: 1)
        let sessionName = number.name(.numberField("session_id"))
        let session = try #require(sessionName)
        #expect(number.body.contains("\"session_id\":\(session)"))
        var header = ProbeRequest(.completions, model: "m", maxTokens: 1)
        let naming = [("/v1/chat/completions", "chatcmpl-"), ("/v1/completions", "cmpl-")]
        let headerName = header.name(.header("X-Request-Id", prefixes: naming.map { (path: $0.0, prefix: $0.1) }))
        let name = try #require(headerName)
        #expect(name.text == "cmpl-" + (header.headers.first?.value ?? ""))
        var none = ProbeRequest(.completions, model: "m", maxTokens: 1)
        let nothing = none.name(.firstChunk)
        #expect(nothing == nil && none.headers.isEmpty)
    }
}

@Suite struct ReadingAStream {
    private static let chat = """
        : hello

        data: {"id":"chatcmpl-7","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}

        data: {"id":"chatcmpl-7","choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}

        data: {"id":"chatcmpl-7","choices":[{"index":0,"delta":{"content":"one"}}]}

        data: {"id":"chatcmpl-7","choices":[{"index":0,"delta":{},"finish_reason":"length"}]}

        data: {"id":"chatcmpl-7","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}

        data: [DONE]


        """

    @Test func countsTheSameHoweverItIsCut() {
        let bytes = Array(Self.chat.utf8)
        for size in [1, 2, 7, 64, bytes.count] {
            var reading = StreamReading(.chatCompletions)
            for start in stride(from: 0, to: bytes.count, by: size) {
                reading.receive(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(reading.deltas == 2 && reading.finishReason == "length" && reading.hasEnded)
            #expect(reading.usage?.completionTokens == 2 && reading.id == "chatcmpl-7")
            #expect(reading.unreadable == 0 && reading.failure == nil)
        }
    }

    @Test func readsLinesOfOllama() {
        var reading = StreamReading(.ollamaChat)
        let text = """
            {"model":"m","message":{"role":"assistant","content":"a"},"done":false}
            {"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"length","eval_count":1,"prompt_eval_count":4}

            """
        reading.receive(Array(text.utf8))
        #expect(reading.deltas == 1 && reading.finishReason == "length" && reading.usage?.promptTokens == 4)
    }

    @Test func seesAnErrorInTheStream() {
        var reading = StreamReading(.chatCompletions)
        reading.receive(Array("data: {\"error\":{\"message\":\"out of memory\"}}\n\n".utf8))
        #expect(reading.failure?.contains("out of memory") == true)
    }
}

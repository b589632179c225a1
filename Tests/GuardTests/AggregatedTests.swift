import Cancellation
import Foundation
import GenerationWire
import Guard
import LoopDetection
import Testing

/// What a guarded stream comes to when it is put together into one answer.
private struct Aggregated {
    var body: [String: Any] = [:]
    var trip: Verdict?

    /// - Parameter reason: Why the stream is ended after its last byte, unless a detector ends it before.
    init(_ stream: [UInt8], _ request: GenerationRequest, reason: EndReason? = nil, cutsLoop: Bool = true) {
        var guarded = GuardedStream(request: request, settings: GuardSettings(), runID: "run_1")
        var aggregator = StreamAggregator(for: request)
        var start = 0
        while start < stream.count, trip == nil {
            let end = min(start + 512, stream.count)
            let piece = stream.span.extracting(start..<end)
            let outcome = guarded.receive(piece)
            aggregator.receive(outcome.forward.bytes(of: piece).span)
            trip = outcome.trip
            start = end
        }
        if trip == nil, reason == nil {
            if case .bytes(let bytes) = guarded.finish().forward { aggregator.receive(bytes.span) }
        } else {
            let ending = guarded.end(trip.map { .tripped($0.detector) } ?? reason!)
            aggregator.receive(ending.span)
        }
        if cutsLoop {
            for (choice, verdict) in guarded.convictions {
                if let (channel, cut) = verdict.cut { aggregator.cut(channel, ofChoice: choice, cut) }
            }
        }
        guard case .body(let bytes) = aggregator.finish() else { return }
        body = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] ?? [:]
    }

    var message: [String: Any] {
        ((body["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any]) ?? [:]
    }
}

@Suite struct PuttingAGuardedStreamTogether {
    private static func chat(_ pieces: [String], field: String) -> [UInt8] {
        let text = pieces.map { piece in
            StreamState.chunk("{\"\(field)\":\"\(piece.replacing("\n", with: "\\n"))\"}")
        }.joined()
        return Array((StreamState.role + text).utf8)
    }

    struct Loop: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var lead: [String]
        var turns: [String]
        /// What stands once in the answer.
        var copy: String
    }

    static let loops: [Loop] = [
        Loop(
            testDescription: "tail",
            lead: ["Let me see. "],
            turns: Array(repeating: "Now I look at the file and think about it once more; ", count: 600),
            copy: "look at the file"
        ),
        Loop(
            testDescription: "lines",
            lead: ["First line\n", "Second line\n"],
            turns: {
                var random = SeededGenerator(state: 1)
                let lines = [
                    "The alpha value is set here.\n", "The beta value is set there.\n", "Gamma is last of all.\n",
                ]
                return (0..<900).map { _ in lines.randomElement(using: &random)! }
            }(),
            copy: "alpha"
        ),
        Loop(
            testDescription: "numbers",
            lead: ["What follows is a list.\n"],
            turns: (0..<600).map { "Attempt number \($0 * 17) at the same old problem\n" },
            copy: "Attempt number"
        ),
    ]

    @Test(arguments: loops, ["content", "reasoning_content"])
    func oneCopyOfTheLoopStays(loop: Loop, field: String) throws {
        // The shipped rules stop numbered lines in reasoning alone.
        if loop.testDescription == "numbers", field == "content" { return }
        let stream = Self.chat(loop.lead + loop.turns, field: field)
        let answer = Aggregated(stream, GenerationRequest(format: .chatCompletions))
        #expect(answer.trip?.mode == .stop, "no detector spoke")
        let text = try #require(answer.message[field] as? String)
        #expect(text.hasPrefix(loop.lead.joined()), "\(text)")
        #expect(text.components(separatedBy: loop.copy).count - 1 == 1, "\(answer.trip!.detector): \(text)")
        if field == "reasoning_content" { #expect(answer.message["content"] as? String == GuardSettings().note) }
    }

    @Test func withoutACutEveryCopyIsThere() {
        let stream = Self.chat(Self.loops[0].lead + Self.loops[0].turns, field: "content")
        let answer = Aggregated(stream, GenerationRequest(format: .chatCompletions), cutsLoop: false)
        #expect((answer.message["content"] as? String ?? "").components(separatedBy: "look at the file").count > 10)
    }

    /// The formats that a path leads to.
    static let formats = [
        "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages", "/api/chat", "/api/generate",
        "/completion",
    ].compactMap { WireFormat(path: $0) }

    /// How each format says that an answer was cut for its length.
    private static func saysLength(_ format: WireFormat, _ body: [String: Any]) -> Bool {
        let choice = (body["choices"] as? [[String: Any]])?.first
        return switch format {
        case .chatCompletions, .completions: choice?["finish_reason"] as? String == "length"
        case .responses: body["status"] as? String == "incomplete"
        case .messages: body["stop_reason"] as? String == "max_tokens"
        case .ollamaChat, .ollamaGenerate: body["done_reason"] as? String == "length"
        case .llamaCompletion: body["stop_type"] as? String == "limit"
        }
    }

    @Test(arguments: formats) func anEndBeforeTheFirstByteIsAWholeAnswer(format: WireFormat) {
        let answer = Aggregated([], GenerationRequest(format: format), reason: .userStop)
        #expect(Self.saysLength(format, answer.body), "\(answer.body)")
    }

    @Test(arguments: formats) func anEndAnywhereIsAWholeAnswer(format: WireFormat) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("fixtures/pairs")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasPrefix(format.rawValue + "-") && !$0.hasSuffix(".json") }
        #expect(!names.isEmpty)
        for name in names {
            let stream = Array(try Data(contentsOf: folder.appendingPathComponent(name)))
            var request = GenerationRequest(format: format)
            if name.contains("two") { request.choices = 2 }
            for end in stream.indices where stream[end] == 0x0A {
                let answer = Aggregated(Array(stream[...end]), request, reason: .userStop)
                #expect(!answer.body.isEmpty, "\(name) ended after \(end) bytes")
            }
            let whole = Aggregated(stream, request)
            #expect(whole.trip == nil && !whole.body.isEmpty, "\(name)")
        }
    }
}

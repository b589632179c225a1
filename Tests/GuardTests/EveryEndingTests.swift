import Cancellation
import Foundation
import GenerationWire
import Guard
import Testing

/// A healthy stream cut after some of its events.
struct CutStream: Sendable, CustomTestStringConvertible {
    var stream: Stream
    /// Streams that break their own format, and those that end with an error or end nowhere.
    private static let odd: Set = [
        "messages-begun-anew.sse", "messages-error.sse", "responses-error.sse", "messages-no-event-lines.sse",
        "ollama-chat-error.ndjson", "llama-completion-error.sse", "responses-only-completed.sse",
        "messages-tool-cut-but-stopped.sse", "responses-call-cut.sse", "messages-tool-whole-in-start.sse",
    ]

    var testDescription: String { stream.name }

    static let all = Stream.healthy
        .filter { $0.request.format != .chatCompletions && $0.request.format != .completions }
        .filter { !odd.contains($0.name) && !$0.name.contains("crlf") }.map { CutStream(stream: $0) }

    /// The events, each with its blank line or line end.
    var events: [String] {
        let text = String(decoding: stream.body, as: UTF8.self)
        let mark = stream.name.hasSuffix(".ndjson") ? "\n" : "\n\n"
        return text.components(separatedBy: mark).dropLast().map { $0 + mark }
    }

    /// The first events as the client sees them, ended by a stop.
    func ended(after count: Int, _ settings: GuardSettings) -> [UInt8] {
        var guarded = GuardedStream(request: stream.request, settings: settings, runID: "run_1", created: 1_760_000_000)
        let received = Array(events.prefix(count).joined().utf8)
        let passed = guarded.receive(received.span).forward.bytes(of: received.span)
        return passed + guarded.end(.userStop)
    }
}

@Suite struct AnyBeginningCanBeEnded {
    /// Formats whose endings show a note.
    private let noted: Set = [WireFormat.messages, .responses, .ollamaChat]

    @Test(arguments: CutStream.all)
    func byTheRulesOfItsFormat(cut: CutStream) {
        for count in 0...cut.events.count {
            let body = cut.ended(after: count, GuardSettings())
            let grammar = Grammar(cut.stream.request.format, body)
            #expect(grammar.faults.isEmpty, "after \(count) events: \(String(decoding: body, as: UTF8.self))")
            // What the engine has cut itself it has said so of.
            if count < cut.events.count - 1 {
                #expect(grammar.calls.allSatisfy(isWholeObject), "a call that is cut after \(count) events")
            }
            if noted.contains(cut.stream.request.format), count < cut.events.count - 2 {
                #expect(grammar.visibleText.contains { !$0.isWhitespace }, "no text after \(count) events")
            }
        }
    }

    @Test(arguments: CutStream.all)
    func withoutANote(cut: CutStream) {
        var settings = GuardSettings()
        settings.note = nil
        settings.responsesEnding = .completed
        for count in 0...cut.events.count {
            let body = cut.ended(after: count, settings)
            #expect(Grammar(cut.stream.request.format, body).faults.isEmpty, "\(String(decoding: body, as: UTF8.self))")
            #expect(!String(decoding: body, as: UTF8.self).contains("loopguard"))
        }
    }

    @Test(arguments: CutStream.all)
    func withCallsStreamed(cut: CutStream) {
        var settings = GuardSettings()
        settings.toolCalls = .stream
        for count in 0...cut.events.count {
            let body = cut.ended(after: count, settings)
            #expect(Grammar(cut.stream.request.format, body).faults.isEmpty, "\(String(decoding: body, as: UTF8.self))")
        }
    }
}

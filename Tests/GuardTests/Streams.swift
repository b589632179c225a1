import Foundation
import GenerationWire
import Guard
import Testing

/// A stream to feed to the guard, with the request that goes with it.
struct Stream: Sendable, CustomTestStringConvertible {
    var name: String
    var body: [UInt8]
    var request: GenerationRequest

    var testDescription: String { name }

    /// Every healthy stream in `fixtures/healthy`.
    static let healthy: [Stream] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("fixtures/healthy")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".sse") || $0.hasSuffix(".ndjson") }.sorted().map { name in
            let body = (try? Data(contentsOf: folder.appendingPathComponent(name))).map(Array.init) ?? []
            let format = prefixes.first { name.hasPrefix($0.prefix) }?.format
            var request = GenerationRequest(format: format ?? .chatCompletions)
            if name.contains("two-choices") { request.choices = 2 }
            return Stream(name: name, body: body, request: request)
        }
    }()

    /// What the names of the streams in other formats than chat completions begin with.
    private static let prefixes: [(prefix: String, format: WireFormat)] = [
        ("completions", .completions), ("responses", .responses), ("messages", .messages),
        ("ollama-chat", .ollamaChat), ("ollama-generate", .ollamaGenerate), ("llama-completion", .llamaCompletion),
    ]

    /// The recorded streams beside the checkout, where they are.
    static let recorded: [Stream] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("../shared/streams")
        guard let paths = FileManager.default.subpaths(atPath: folder.path) else { return [] }
        return paths.filter { $0.hasSuffix(".sse") || $0.hasSuffix(".ndjson") }.sorted().compactMap { name in
            guard let data = try? Data(contentsOf: folder.appendingPathComponent(name)) else { return nil }
            let body = Array(data)
            let text = String(decoding: body.prefix(4096).filter { $0 != 0x20 }, as: UTF8.self)
            let format: WireFormat
            if text.contains("\"chat.completion.chunk\"") {
                format = .chatCompletions
            } else if text.contains("\"text_completion\"") {
                format = .completions
            } else if text.contains("\"response.created\"") {
                format = .responses
            } else if text.contains("\"message_start\"") {
                format = .messages
            } else if name.hasSuffix(".ndjson") {
                format = text.contains("\"message\":") ? .ollamaChat : .ollamaGenerate
            } else {
                return nil
            }
            return Stream(name: name, body: body, request: GenerationRequest(format: format))
        }
    }()

    /// Feeds the stream in pieces that end at the given offsets and returns all that the guard gives out.
    func pass(cutAt offsets: [Int], settings: GuardSettings = GuardSettings()) -> [UInt8] {
        var guarded = GuardedStream(request: request, settings: settings, runID: "run_1")
        var output: [UInt8] = []
        var start = 0
        for end in offsets + [body.count] where end > start {
            let piece = body.span.extracting(start..<end)
            output += guarded.receive(piece).forward.bytes(of: piece)
            start = end
        }
        if case .bytes(let bytes) = guarded.finish().forward { output += bytes }
        return output
    }
}

/// A generator of the same numbers every time (SplitMix64, Steele et al. 2014).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The server-sent events of a body as their payloads.
func payloads(_ body: [UInt8]) -> [String] {
    String(decoding: body, as: UTF8.self).components(separatedBy: "\n\n")
        .filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
}

/// A payload as JSON.
func json(_ payload: String) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(payload.utf8)) as? [String: Any] ?? [:]
}

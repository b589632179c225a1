import Cancellation
import JSONBytes
import NIOCore
import NIOHTTP1

#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// What all connections share.
struct Engine: Sendable {
    let configuration: EngineConfiguration
    let model: any LanguageModel
    let registry: Registry
    let scheduler: Scheduler

    /// Reads a request, names it, and lets its sequences wait for their slots.
    /// - Parameter onReadable: Called on another thread whenever a sequence has written something.
    func admit(
        _ endpoint: Endpoint,
        _ head: HTTPRequestHead,
        _ bytes: Span<UInt8>,
        onReadable: @escaping @Sendable () -> Void
    ) throws(APIError) -> Exchange {
        let body = try GenerationBody(bytes, for: endpoint)
        let requestID = try name(head, "X-Request-Id") ?? Self.randomID()
        let answerID = (endpoint == .chat ? "chatcmpl-" : "cmpl-") + requestID
        let prompts = body.prompts.map { model.tokenizer.encode($0) }
        for prompt in prompts where prompt.count >= model.contextLength {
            throw .invalid(
                "The prompt has \(prompt.count) tokens; prompt and answer together may have \(model.contextLength).",
                parameter: endpoint == .chat ? "messages" : "prompt",
                code: "context_length_exceeded"
            )
        }
        let generations = makeGenerations(body, requestID, prompts, onReadable)
        try enter(generations, [requestID, answerID, try name(head, "X-Loopguard-Run-Id")])
        return Exchange(
            requestID: requestID,
            isStream: body.stream,
            encoder: ResponseEncoder(
                endpoint: endpoint,
                id: answerID,
                created: time(nil),
                model: model.name,
                includeUsage: body.includeUsage
            ),
            generations: generations,
            promptTokens: prompts.reduce(0) { $0 + $1.count },
            scheduler: scheduler
        )
    }

    /// One sequence for each choice of each prompt, in the order of OpenAI's indexes.
    private func makeGenerations(
        _ body: GenerationBody,
        _ requestID: String,
        _ prompts: [[Token]],
        _ onReadable: @escaping @Sendable () -> Void
    ) -> [Generation] {
        let seed = body.seed ?? .random(in: 0...UInt64.max)
        return (0..<prompts.count * body.choices).map { choice in
            var options = GenerationOptions(
                sampling: body.sampling,
                maxTokens: body.maxTokens ?? configuration.defaultMaxTokens,
                stops: body.stops,
                ignoresEndOfText: body.ignoresEndOfText
            )
            // Choices differ, and the first one is what a request for one choice would get.
            options.sampling.seed = seed &+ UInt64(choice)
            return Generation(
                requestID: requestID,
                choice: choice,
                prompt: prompts[choice / body.choices],
                options: options,
                output: PieceQueue(capacity: configuration.outputCapacity, onReadable: onReadable)
            )
        }
    }

    private func enter(_ generations: [Generation], _ names: [String?]) throws(APIError) {
        let names = Array(Set(names.compactMap(\.self)))
        if let taken = registry.enter(generations, names: names) {
            throw .invalid(
                "A request named '\(taken)' is running. Give every request an id of its own.",
                code: "duplicate_request_id"
            )
        }
        do {
            try scheduler.submit(generations)
        } catch {
            registry.forget(generations)
            throw switch error {
            case .queueFull:
                APIError(
                    status: .serviceUnavailable,
                    message:
                        "The server is busy: \(configuration.queueCapacity) sequences are waiting. Try again later.",
                    type: "server_error",
                    code: "queue_full"
                )
            case .stopping:
                APIError(
                    status: .serviceUnavailable,
                    message: "The server is shutting down.",
                    type: "server_error",
                    code: "shutting_down"
                )
            }
        }
    }

    /// The id that a header gives, if it gives one.
    private func name(_ head: HTTPRequestHead, _ header: String) throws(APIError) -> String? {
        guard let name = head.headers.first(name: header) else { return nil }
        let isValid =
            (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: ".:_-".utf8.contains(byte)
                }
            }
        guard isValid else {
            throw .invalid("\(header) must have 1 to 128 letters, digits, dots, colons, hyphens or underscores.")
        }
        return name
    }

    /// 96 random bits in hexadecimal.
    private static func randomID() -> String {
        let digits = Array("0123456789abcdef")
        return String((0..<24).map { _ in digits[Int.random(in: 0..<16)] })
    }
}

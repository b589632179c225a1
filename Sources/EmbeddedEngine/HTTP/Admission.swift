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
        let requestID = try name(head, "X-Request-Id") ?? randomID()
        let answerID = (endpoint == .chat ? "chatcmpl-" : "cmpl-") + requestID
        let names = Array(Set([requestID, answerID, try name(head, "X-Loopguard-Run-Id")].compactMap(\.self)))
        let prompts = try tokens(body, endpoint)
        try checkBiases(body)
        let ticket = configuration.cancelSource?.admit(names) { head.headers.first(name: $0) }
        let shared = ticket.map { SharedTicket($0, choices: prompts.count * body.choices) }
        let generations = makeGenerations(body, requestID, prompts, shared, onReadable)
        try enter(generations, names)
        return Exchange(
            requestID: requestID,
            isStream: body.stream,
            encoder: ResponseEncoder(
                endpoint: endpoint,
                id: answerID,
                created: time(nil),
                model: model.name,
                options: ResponseEncoder.Options(
                    includeUsage: body.includeUsage,
                    usageOnEveryChunk: body.usageOnEveryChunk,
                    hasLogprobs: body.logprobs != nil
                ),
                vocabulary: scheduler.vocabulary
            ),
            choices: generations.map { generation in
                Exchange.Choice(generation, echo: body.echo ? text(generation.prompt) : [])
            },
            promptTokens: prompts.reduce(0) { $0 + $1.count },
            scheduler: scheduler
        )
    }

    /// The tokens of the prompts.
    private func tokens(_ body: GenerationBody, _ endpoint: Endpoint) throws(APIError) -> [[Token]] {
        let template = ChatTemplate(model.tokenizer)
        let field = endpoint == .chat ? "messages" : "prompt"
        var prompts: [[Token]] = []
        if endpoint == .chat {
            // What the model must not call it need not know.
            prompts.append(template.render(body.messages, tools: body.grammar == nil ? [] : body.tools))
        }
        for prompt in body.prompts {
            switch prompt {
            case .text(let text): prompts.append(template.render(text))
            case .tokens(let tokens):
                if let unknown = tokens.first(where: { Int($0) >= model.tokenizer.vocabularySize }) {
                    throw .invalid(unknownToken(unknown, field), parameter: field)
                }
                prompts.append(tokens)
            }
        }
        let longest = configuration.longestSequence(model)
        for prompt in prompts where prompt.count >= longest {
            throw .invalid(
                "The prompt has \(prompt.count) tokens; prompt and answer together may have \(longest).",
                parameter: field,
                code: "context_length_exceeded"
            )
        }
        return prompts
    }

    private func checkBiases(_ body: GenerationBody) throws(APIError) {
        if let unknown = body.sampling.logitBias.keys.first(where: { Int($0) >= model.tokenizer.vocabularySize }) {
            throw .invalid(unknownToken(unknown, "logit_bias"), parameter: "logit_bias")
        }
    }

    private func unknownToken(_ token: Token, _ field: String) -> String {
        "'\(field)' names the token \(token): there are \(model.tokenizer.vocabularySize), counted from 0."
    }

    /// The text of tokens, as far as they stand for text.
    private func text(_ tokens: [Token]) -> [UInt8] {
        let bytes = tokens.flatMap { scheduler.vocabulary.bytes(of: $0) }
        return Array(String(decoding: bytes, as: UTF8.self).utf8)
    }

    /// One sequence for each choice of each prompt, in the order of OpenAI's indexes.
    private func makeGenerations(
        _ body: GenerationBody,
        _ requestID: String,
        _ prompts: [[Token]],
        _ ticket: SharedTicket?,
        _ onReadable: @escaping @Sendable () -> Void
    ) -> [Generation] {
        let seed = body.seed ?? .random(in: 0...UInt64.max)
        return (0..<prompts.count * body.choices).map { choice in
            var options = GenerationOptions(
                sampling: body.sampling,
                maxTokens: body.maxTokens ?? configuration.defaultMaxTokens,
                stops: body.stops,
                ignoresEndOfText: body.ignoresEndOfText,
                logprobs: body.logprobs,
                grammar: body.grammar
            )
            // Choices differ, and the first one is what a request for one choice would get.
            options.sampling.seed = seed &+ UInt64(choice)
            return Generation(
                requestID: requestID,
                choice: choice,
                prompt: prompts[choice / body.choices],
                options: options,
                output: PieceQueue(capacity: configuration.outputCapacity, onReadable: onReadable),
                ticket: ticket
            )
        }
    }

    private func enter(_ generations: [Generation], _ names: [String]) throws(APIError) {
        if let taken = registry.enter(generations, names: names) {
            for generation in generations { generation.ticket?.finish(isCancelled: false, tokens: 0) }
            throw .invalid(
                "A request named '\(taken)' is running. Give every request an id of its own.",
                code: "duplicate_request_id"
            )
        }
        do {
            try scheduler.submit(generations)
        } catch {
            registry.forget(generations)
            for generation in generations { generation.ticket?.finish(isCancelled: false, tokens: 0) }
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
}

import Cancellation
import Dispatch

@testable import EmbeddedEngine

/// A scheduler with a model and nothing around it.
struct Bench {
    let registry = Registry(history: 16)
    let scheduler: Scheduler
    let configuration: EngineConfiguration

    init(model: any LanguageModel = CountingModel(), _ change: (inout EngineConfiguration) -> Void = { _ in }) {
        var configuration = EngineConfiguration()
        change(&configuration)
        self.configuration = configuration
        scheduler = Scheduler(model: model, configuration: configuration, registry: registry)
    }

    func reader(_ id: String, prompt: [Token] = [1], _ change: (inout GenerationOptions) -> Void = { _ in }) -> Reader {
        var options = GenerationOptions()
        options.sampling.temperature = 0
        change(&options)
        return Reader(id, prompt, options, capacity: configuration.outputCapacity, scheduler)
    }

    func submit(_ readers: Reader...) throws {
        for reader in readers { _ = registry.enter([reader.generation], names: [reader.generation.requestID]) }
        try scheduler.submit(readers.map(\.generation))
    }
}

/// Reads what one sequence writes.
final class Reader: Sendable {
    let generation: Generation
    private let scheduler: Scheduler
    private let readable = DispatchSemaphore(value: 0)

    init(_ id: String, _ prompt: [Token], _ options: GenerationOptions, capacity: Int, _ scheduler: Scheduler) {
        self.scheduler = scheduler
        let readable = readable
        generation = Generation(
            requestID: id,
            prompt: prompt,
            options: options,
            output: PieceQueue(capacity: capacity) { readable.signal() }
        )
    }

    /// Text and calls up to the end. Waits for it.
    func readAnswer() -> (text: String, calls: [SeenCall], outcome: Outcome) {
        var text: [UInt8] = []
        var calls: [SeenCall] = []
        var contents = PieceQueue.Contents()
        while true {
            readable.wait()
            if generation.output.take(into: &contents) { scheduler.wake() }
            var start = 0
            for piece in contents.pieces {
                let bytes = contents.bytes[start..<piece.end]
                start = piece.end
                switch piece.kind {
                case .text: text += bytes
                case .call: calls.append(SeenCall(name: String(decoding: bytes, as: UTF8.self)))
                case .arguments: calls[calls.count - 1].arguments += String(decoding: bytes, as: UTF8.self)
                }
            }
            if let outcome = contents.outcome { return (String(decoding: text, as: UTF8.self), calls, outcome) }
        }
    }

    /// Everything up to the end. Waits for it.
    func readAll() -> (text: String, pieces: Int, outcome: Outcome) {
        var text: [UInt8] = []
        var pieces = 0
        var contents = PieceQueue.Contents()
        while true {
            readable.wait()
            if generation.output.take(into: &contents) { scheduler.wake() }
            text += contents.bytes
            pieces += contents.pieces.count
            if let outcome = contents.outcome { return (String(decoding: text, as: UTF8.self), pieces, outcome) }
        }
    }
}

/// Counts: after each token comes the next letter of the alphabet, for ever.
struct CountingModel: LanguageModel {
    let name = "counting"
    let tokenizer: any Tokenizer = Bytes()
    var contextLength = 1 << 20

    func makeSession(slots: Int) -> any DecodingSession { Session() }

    struct Bytes: Tokenizer {
        let vocabularySize = 257
        let endOfText: Token = 256
        func encode(_ text: [UInt8]) -> [Token] { text.map { Token($0) } }
        func decode(_ token: Token, into text: inout [UInt8]) { if token < 256 { text.append(UInt8(token)) } }
    }

    private final class Session: DecodingSession {
        func reset(slot: Int) {}
        func prefill(_ tokens: ArraySlice<Token>, slot: Int) {}
        func step(_ inputs: [StepInput], into logits: inout [Float]) {
            logits = Array(repeating: -.infinity, count: inputs.count * 257)
            for (index, input) in inputs.enumerated() {
                let next = (97..<122).contains(input.token) ? input.token + 1 : 97
                logits[index * 257 + Int(next)] = 0
            }
        }
    }
}

import Cancellation
import NIOCore
import NIOHTTP1

/// One generation request and its answer, on the connection's event loop.
///
/// It moves text from the sequences to the connection whenever there is text and the connection takes more. What the
/// connection does not take stays in the sequences' bounded queues, and the scheduler leaves those sequences out.
struct Exchange {
    /// What is to be written.
    struct Output {
        var bytes: [UInt8] = []
        /// Whether this was the end of the answer.
        var isComplete = false
    }

    let requestID: String
    let isStream: Bool
    private let encoder: ResponseEncoder
    private let scheduler: Scheduler
    private let promptTokens: Int
    private var choices: [Choice]
    private var taken = PieceQueue.Contents()

    private struct Choice {
        let generation: Generation
        /// The text so far, when no stream is wanted.
        var text: [UInt8] = []
        var outcome: Outcome?
        var hasBegun = false
    }

    /// - Parameter promptTokens: The tokens of all prompts, each counted once.
    init(
        requestID: String,
        isStream: Bool,
        encoder: ResponseEncoder,
        generations: [Generation],
        promptTokens: Int,
        scheduler: Scheduler
    ) {
        self.requestID = requestID
        self.isStream = isStream
        self.encoder = encoder
        self.scheduler = scheduler
        self.promptTokens = promptTokens
        choices = generations.map { Choice(generation: $0) }
    }

    /// Takes what the sequences have written since.
    mutating func advance() -> Output {
        var output = Output()
        for index in choices.indices where choices[index].outcome == nil {
            let wasFull = choices[index].generation.output.take(into: &taken)
            if wasFull { scheduler.wake() }
            if isStream { stream(index, into: &output.bytes) } else { choices[index].text += taken.bytes }
            choices[index].outcome = taken.outcome
        }
        guard choices.allSatisfy({ $0.outcome != nil }) else { return output }
        output.isComplete = true
        let usage = Usage(
            promptTokens: promptTokens,
            completionTokens: choices.reduce(0) { $0 + $1.generation.generated }
        )
        if isStream {
            encoder.end(usage, into: &output.bytes)
        } else {
            output.bytes = encoder.body(choices.map { ($0.text, $0.outcome!) }, usage)
        }
        return output
    }

    /// The reader has gone: nobody needs another token.
    func abandon() {
        for choice in choices { choice.generation.flag.set(.clientDisconnect) }
        scheduler.wake()
    }

    /// Encodes what was taken for one choice: one chunk for each piece.
    private mutating func stream(_ index: Int, into output: inout [UInt8]) {
        if taken.ends.isEmpty, taken.outcome == nil { return }
        if !choices[index].hasBegun {
            choices[index].hasBegun = true
            if encoder.endpoint == .chat { encoder.role(index, into: &output) }
        }
        var start = 0
        for end in taken.ends {
            encoder.piece(taken.bytes[start..<end], index, into: &output)
            start = end
        }
        if let outcome = taken.outcome { encoder.final(outcome, index, into: &output) }
    }
}

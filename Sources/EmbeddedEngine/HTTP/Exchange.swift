import Cancellation
import NIOCore
import NIOHTTP1

/// One generation request and its answer, on the connection's event loop.
///
/// It moves output from the sequences to the connection whenever there is some and the connection takes more. What the
/// connection does not take stays in the sequences' bounded queues, and the scheduler leaves those sequences out.
struct Exchange {
    /// What is to be written.
    struct Output {
        var bytes: [UInt8] = []
        /// Whether this was the end of the answer.
        var isComplete = false
    }

    /// One choice's sequence and where its answer stands.
    struct Choice {
        let generation: Generation
        /// The prompt's text, when it is to come first.
        var echo: [UInt8]
        fileprivate var written = ResponseEncoder.Written()
        fileprivate var outcome: Outcome?
        fileprivate var hasBegun = false
        /// How many calls have begun, and where the text stands in characters.
        fileprivate var calls = 0
        fileprivate var offset = 0
        /// The tokens that the model had written when the last piece was taken.
        fileprivate var generated = 0

        init(_ generation: Generation, echo: [UInt8] = []) {
            self.generation = generation
            self.echo = echo
        }
    }

    let requestID: String
    let isStream: Bool
    private let encoder: ResponseEncoder
    private let scheduler: Scheduler
    private let promptTokens: Int
    private var choices: [Choice]
    private var taken = PieceQueue.Contents()

    /// - Parameter promptTokens: The tokens of all prompts, each counted once.
    init(
        requestID: String,
        isStream: Bool,
        encoder: ResponseEncoder,
        choices: [Choice],
        promptTokens: Int,
        scheduler: Scheduler
    ) {
        self.requestID = requestID
        self.isStream = isStream
        self.encoder = encoder
        self.scheduler = scheduler
        self.promptTokens = promptTokens
        self.choices = choices
    }

    /// Takes what the sequences have written since.
    mutating func advance() -> Output {
        var output = Output()
        for index in choices.indices where choices[index].outcome == nil {
            let wasFull = choices[index].generation.output.take(into: &taken)
            if wasFull { scheduler.wake() }
            if isStream { stream(index, into: &output.bytes) } else { collect(index) }
            choices[index].outcome = taken.outcome
        }
        guard choices.allSatisfy({ $0.outcome != nil }) else { return output }
        output.isComplete = true
        for index in choices.indices { choices[index].generated = choices[index].generation.generated }
        if isStream {
            encoder.end(usage, into: &output.bytes)
        } else {
            output.bytes = encoder.body(choices.map { ($0.written, $0.outcome!) }, usage)
        }
        return output
    }

    /// The reader has gone: nobody needs another token.
    func abandon() {
        // Who closes the connection may have said why a moment before, where only a ticket tells.
        for choice in choices { choice.generation.flag.set(choice.generation.ticket?.reason ?? .clientDisconnect) }
        scheduler.wake()
    }

    private var usage: Usage {
        Usage(promptTokens: promptTokens, completionTokens: choices.reduce(0) { $0 + $1.generated })
    }

    private static func newCallID() -> String { "call_" + randomID() }

    /// Keeps what was taken for one choice.
    private mutating func collect(_ index: Int) {
        if !choices[index].hasBegun {
            choices[index].hasBegun = true
            choices[index].written.text = choices[index].echo
        }
        var start = 0
        for piece in taken.pieces {
            let bytes = taken.bytes[start..<piece.end]
            start = piece.end
            switch piece.kind {
            case .text: choices[index].written.text += bytes
            case .call: choices[index].written.calls.append((Self.newCallID(), Array(bytes), []))
            case .arguments:
                let last = choices[index].written.calls.count - 1
                choices[index].written.calls[last].arguments += bytes
            }
        }
        choices[index].written.logprobs += taken.logprobs
    }

    /// Encodes what was taken for one choice: one chunk for each piece.
    private mutating func stream(_ index: Int, into output: inout [UInt8]) {
        if taken.pieces.isEmpty, taken.outcome == nil { return }
        if !choices[index].hasBegun { begin(index, into: &output) }
        var (start, logprobsStart) = (0, 0)
        for piece in taken.pieces {
            let bytes = taken.bytes[start..<piece.end]
            let logprobs = taken.logprobs[logprobsStart..<piece.logprobsEnd]
            (start, logprobsStart) = (piece.end, piece.logprobsEnd)
            choices[index].generated = piece.generated
            switch piece.kind {
            case .text:
                encoder.piece(bytes, logprobs, index, usage, offset: &choices[index].offset, into: &output)
            case .call:
                choices[index].calls += 1
                let call = choices[index].calls - 1
                encoder.call(call, id: Self.newCallID(), name: bytes, index, usage, into: &output)
            case .arguments: encoder.arguments(choices[index].calls - 1, bytes, index, usage, into: &output)
            }
        }
        if let outcome = taken.outcome {
            choices[index].generated = choices[index].generation.generated
            encoder.final(outcome, index, usage, into: &output)
        }
    }

    private mutating func begin(_ index: Int, into output: inout [UInt8]) {
        choices[index].hasBegun = true
        if encoder.endpoint == .chat { encoder.role(index, usage, into: &output) }
        let echo = choices[index].echo
        if !echo.isEmpty {
            encoder.piece(echo[...], [], index, usage, offset: &choices[index].offset, into: &output)
        }
    }
}

/// 96 random bits in hexadecimal.
func randomID() -> String {
    let digits = Array("0123456789abcdef")
    return String((0..<24).map { _ in digits[Int.random(in: 0..<16)] })
}

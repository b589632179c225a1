public import Logging
public import NIOCore

/// How an engine is set up. Every value has a default that suits a demonstration on one machine.
public struct EngineConfiguration: Sendable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose a free one.
    public var port = 4142
    /// The model that answers; `nil` for the one that comes with the package (``LlamaModel/small()``).
    public var model: (any LanguageModel)?
    /// How many sequences are decoded together.
    public var slots = 8
    /// The most tokens that prompt and answer of one sequence may have together; `nil` for what the model can.
    public var contextLength: Int?
    /// The most tokens that the sequences in slots may have together: the size of the key-value cache. When they
    /// outgrow it, the youngest sequences wait and are read again later. `nil` for room for every slot's whole context.
    public var kvTokens: Int?
    /// How many sequences may wait for a slot; more are refused with status 503.
    public var queueCapacity = 64
    /// How many tokens of a prompt are read between two steps.
    public var prefillChunk = 256
    /// How many pieces of output wait for a slow reader before its sequence stalls.
    public var outputCapacity = 64
    /// The pace of every sequence in tokens per second; 0 for as fast as it goes. A demonstration looks real at 30 to
    /// 200.
    public var tokensPerSecond = 0.0
    /// The most tokens written for a request that sets no limit itself.
    public var defaultMaxTokens = 4096
    /// The longest request body in bytes; longer ones are refused with status 413.
    public var maxBodyBytes = 8 << 20
    /// How many sequences are remembered after their end, for `/slots` and for late cancels.
    public var history = 256
    /// How long connections may take to send what is left when the engine shuts down.
    public var shutdownGrace = Duration.seconds(2)
    /// The threads that serve connections; `nil` for those that the whole process shares.
    public var eventLoopGroup: (any EventLoopGroup)?
    /// Another place where the end of a request may be asked for.
    public var cancelSource: (any CancelSource)?
    /// Where the engine says what it does.
    public var logger = Logger(label: "loopguard.engine")
    /// Looks into the scheduler's work; for tests.
    public var stepHook: StepHook?

    /// Creates a configuration with the defaults.
    public init() {}

    /// The time between two steps; `nil` when there is no pace.
    var stepInterval: Duration? { tokensPerSecond > 0 ? .seconds(1 / tokensPerSecond) : nil }

    /// The most tokens of all sequences in slots.
    func kvCapacity(_ model: any LanguageModel) -> Int {
        let context = min(contextLength ?? model.contextLength, model.contextLength)
        return kvTokens ?? context * slots
    }

    /// The most tokens of one sequence, prompt and answer.
    func longestSequence(_ model: any LanguageModel) -> Int {
        min(contextLength ?? model.contextLength, model.contextLength, kvCapacity(model))
    }

    /// What makes no sense; `nil` when all is well.
    var problem: String? {
        if slots < 1 { return "slots must be at least 1, not \(slots)" }
        if let contextLength, contextLength < 2 { return "contextLength must be at least 2, not \(contextLength)" }
        if let kvTokens, kvTokens < 2 { return "kvTokens must be at least 2, not \(kvTokens)" }
        if queueCapacity < 0 { return "queueCapacity must not be negative, but is \(queueCapacity)" }
        if prefillChunk < 1 { return "prefillChunk must be at least 1, not \(prefillChunk)" }
        if outputCapacity < 1 { return "outputCapacity must be at least 1, not \(outputCapacity)" }
        if defaultMaxTokens < 1 { return "defaultMaxTokens must be at least 1, not \(defaultMaxTokens)" }
        if history < 0 { return "history must not be negative, but is \(history)" }
        if !(tokensPerSecond >= 0 && tokensPerSecond <= 1e6) {
            return "tokensPerSecond must be from 0 to 1000000, not \(tokensPerSecond)"
        }
        return nil
    }
}

import Cancellation

/// The sequences in the slots and what is done with them in a turn. It belongs to the scheduler's thread.
struct Turns {
    /// What there is to wait for after a turn.
    enum Wait: Equatable {
        /// Nothing: there is more to do.
        case none
        /// The pace: the next step is due then.
        case until(ContinuousClock.Instant)
        /// A request, a flag, or a reader who takes what was written.
        case forChange
    }

    /// A sequence in a slot.
    private struct Sequence {
        let generation: Generation
        let slot: Int
        var sampler: Sampler
        var text: TextAssembler
        /// How much of the prompt the model has read. The last token is left for the first step.
        var prefilled = 0
        var last: Token
        var isPrefilled: Bool { prefilled >= generation.prompt.count - 1 }
    }

    private let tokenizer: any Tokenizer
    private let contextLength: Int
    private let session: any DecodingSession
    private let configuration: EngineConfiguration
    private let registry: Registry

    private var sequences: [Sequence] = []
    private var emptySlots: [Int]
    private var nextStep: ContinuousClock.Instant = .now

    // Storage that every step uses again.
    private var inputs: [StepInput] = []
    private var stepping: [Int] = []
    private var logits: [Float] = []
    private var candidates: [Candidate] = []
    private var bytes: [UInt8] = []
    private var ready: [UInt8] = []

    init(model: any LanguageModel, configuration: EngineConfiguration, registry: Registry) {
        tokenizer = model.tokenizer
        contextLength = model.contextLength
        session = model.makeSession(slots: configuration.slots)
        self.configuration = configuration
        self.registry = registry
        emptySlots = Array((0..<configuration.slots).reversed())
    }

    var freeSlots: Int { emptySlots.count }
    var isIdle: Bool { sequences.isEmpty }

    /// Puts a sequence into a slot, or ends it when it was cancelled while it waited.
    mutating func admit(_ generation: Generation) {
        guard !generation.flag.isSet, let slot = emptySlots.popLast() else { return end(generation, .stop) }
        session.reset(slot: slot)
        generation.enter(.prefill)
        sequences.append(
            Sequence(
                generation: generation,
                slot: slot,
                sampler: Sampler(generation.options.sampling),
                text: TextAssembler(stops: generation.options.stops),
                last: generation.prompt.last ?? tokenizer.endOfText
            )
        )
    }

    /// Ends the sequences whose flags are set, full or not.
    mutating func retireFlagged() {
        for index in sequences.indices.reversed() where sequences[index].generation.flag.isSet {
            finish(index, .stop)
        }
    }

    /// Reads one chunk of the prompt that waits longest, so that a long prompt holds up nobody for long.
    /// - Returns: Whether there was a prompt to read.
    mutating func prefillOneChunk() -> Bool {
        guard let index = sequences.firstIndex(where: { !$0.isPrefilled }) else { return false }
        let generation = sequences[index].generation
        let start = sequences[index].prefilled
        configuration.stepHook?(.prefillChunk(id: generation.requestID, position: start))
        guard !generation.flag.isSet else { return true }
        let end = min(start + configuration.prefillChunk, generation.prompt.count - 1)
        session.prefill(generation.prompt[start..<end], slot: sequences[index].slot)
        sequences[index].prefilled = end
        return true
    }

    /// Gives one token to every sequence that has read its prompt and whose reader keeps up.
    mutating func decodeOneStep() -> Wait {
        stepping.removeAll(keepingCapacity: true)
        inputs.removeAll(keepingCapacity: true)
        for index in sequences.indices {
            let generation = sequences[index].generation
            // A flag that was set since the turn began: the sequence ends in the next one.
            if generation.flag.isSet { return .none }
            guard sequences[index].isPrefilled, generation.output.hasRoom else { continue }
            stepping.append(index)
            inputs.append(StepInput(slot: sequences[index].slot, token: sequences[index].last))
        }
        if inputs.isEmpty { return .forChange }
        if let interval = configuration.stepInterval {
            let now = ContinuousClock.now
            if now < nextStep { return .until(nextStep) }
            // A step that comes late is not made up for by a burst.
            nextStep = max(nextStep + interval, now)
        }
        session.step(inputs, into: &logits)
        // From the back, so that a sequence that ends does not move those that are still to come.
        for position in stepping.indices.reversed() { accept(position) }
        return .none
    }

    /// Takes the token of one sequence of the batch.
    private mutating func accept(_ position: Int) {
        let index = stepping[position]
        let generation = sequences[index].generation
        let options = generation.options
        generation.enter(.decode)
        let token = choose(position, for: index)
        sequences[index].last = token
        generation.countToken()
        configuration.stepHook?(
            .decoded(id: generation.requestID, choice: generation.choice, index: generation.generated - 1)
        )
        if generation.flag.isSet {
            generation.countLateToken()
            return finish(index, .stop)
        }
        if tokenizer.isEnd(token), !options.ignoresEndOfText { return finish(index, .stop) }
        bytes.removeAll(keepingCapacity: true)
        tokenizer.decode(token, into: &bytes)
        let isStopped = sequences[index].text.append(bytes, ready: &ready)
        generation.output.append(ready)
        if isStopped { return finish(index, .stop) }
        let total = generation.prompt.count + generation.generated
        if generation.generated >= options.maxTokens || total >= contextLength { finish(index, .length) }
    }

    private mutating func choose(_ position: Int, for index: Int) -> Token {
        let width = tokenizer.vocabularySize
        candidates.take(logits[position * width..<(position + 1) * width])
        if sequences[index].generation.options.ignoresEndOfText, candidates.count > 1 {
            candidates.removeAll { [tokenizer] in tokenizer.isEnd($0.token) }
        }
        return sequences[index].sampler.choose(&candidates)
    }

    /// Ends a sequence and frees its slot.
    private mutating func finish(_ index: Int, _ natural: Outcome) {
        var sequence = sequences.remove(at: index)
        emptySlots.append(sequence.slot)
        sequence.text.flush(ready: &ready)
        sequence.generation.output.append(ready)
        end(sequence.generation, natural)
    }

    /// Settles how a sequence ended: naturally, unless a reason came first.
    private func end(_ generation: Generation, _ natural: Outcome) {
        if !generation.flag.isSet {
            configuration.stepHook?(.finishing(id: generation.requestID, choice: generation.choice))
        }
        let isNatural = generation.flag.close()
        generation.enter(isNatural ? .completed : .cancelled)
        registry.retire(generation)
        generation.output.finish(isNatural ? natural : .cancelled(generation.flag.reason!))
    }
}

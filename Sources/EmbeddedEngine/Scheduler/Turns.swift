import Cancellation

/// The sequences that have left the queue and what is done with them in a turn. It belongs to the scheduler's thread.
///
/// Sequences are served in the order of their arrival. What the model remembers of all sequences in slots together is
/// at most ``kvTokens`` tokens; when they outgrow it the youngest loses its slot and is read again later, as vLLM does
/// it (Kwon and others, "Efficient memory management for large language model serving with PagedAttention", 2023,
/// section 4.5: recomputation). The oldest one is never preempted for want of room unless its reader stalls it, so
/// every sequence comes to its end.
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

    /// For how many steps a sequence may keep its slot while its reader takes nothing and others wait for one.
    private static let patience = 64

    private let vocabulary: Vocabulary
    private let session: any DecodingSession
    private let configuration: EngineConfiguration
    private let registry: Registry
    /// The most tokens that the sequences in slots may have together.
    private let kvTokens: Int
    /// The most tokens of one sequence.
    private let longest: Int
    /// What a sequence leaves free when it is admitted, so that it is not preempted again at once.
    private let margin: Int

    /// In slots, and swapped out; both in the order of arrival.
    private var sequences: [ScheduledSequence] = []
    private var swapped: [ScheduledSequence] = []
    private var emptySlots: [Int]
    private var arrivals = 0
    /// Whose prompt was read last.
    private var lastRead = -1
    private var nextStep: ContinuousClock.Instant = .now

    // Storage that every step uses again.
    private var inputs: [StepInput] = []
    private var stepping: [Int] = []
    private var logits: [Float] = []
    private var choice: TokenChoice
    private var output = PieceQueue.Contents()

    init(
        model: any LanguageModel,
        vocabulary: Vocabulary,
        configuration: EngineConfiguration,
        registry: Registry
    ) {
        self.vocabulary = vocabulary
        choice = TokenChoice(vocabulary)
        session = model.makeSession(slots: configuration.slots)
        self.configuration = configuration
        self.registry = registry
        kvTokens = configuration.kvCapacity(model)
        longest = configuration.longestSequence(model)
        margin = kvTokens / 32
        emptySlots = Array((0..<configuration.slots).reversed())
    }

    var isIdle: Bool { sequences.isEmpty && swapped.isEmpty }
    var swappedCount: Int { swapped.count }
    /// Whether a sequence that was swapped out could go on if there were room.
    var hasEager: Bool { swapped.contains { $0.hasRoom } }

    /// Ends the sequences whose flags are set: swapped out, stalled or not. This is where flags are read.
    mutating func retireFlagged() {
        let looksOutside = configuration.cancelSource?.poll() ?? false
        for index in sequences.indices.reversed()
        where sequences[index].generation.mustEnd(looksOutside: looksOutside) {
            finish(index, .stop)
        }
        for index in swapped.indices.reversed() where swapped[index].generation.mustEnd(looksOutside: looksOutside) {
            end(swapped.remove(at: index), .stop)
        }
    }

    // MARK: - Room

    /// Whether the next sequence of the queue may be admitted. A sequence that was swapped out goes first.
    func hasRoom(for generation: Generation) -> Bool {
        !hasEager && hasRoom(for: max(1, generation.prompt.count))
    }

    /// Takes a sequence out of the queue: into a slot, or to its end when nothing is to be written.
    mutating func admit(_ generation: Generation) {
        guard !generation.mustEnd(looksOutside: true), generation.options.maxTokens > 0 else {
            return end(generation, .length)
        }
        arrivals += 1
        enterSlot(ScheduledSequence(generation, arrival: arrivals, vocabulary: vocabulary))
    }

    /// Gives slots back to sequences that were swapped out, oldest first, as long as there is room. Those whose readers
    /// still hold them up are passed over.
    mutating func readmit() {
        while let index = swapped.firstIndex(where: \.hasRoom), hasRoom(for: swapped[index].tokens.count) {
            let sequence = swapped.remove(at: index)
            if sequence.generation.mustEnd(looksOutside: true) { end(sequence, .stop) } else { enterSlot(sequence) }
        }
    }

    /// Makes room for others when a sequence in a slot waits for its reader: when it has done so for long, or when
    /// nothing else can go on.
    /// - Returns: Whether there is room now.
    mutating func swapOutStalled() -> Bool {
        let canGoOn = sequences.contains { $0.hasRoom }
        let index = sequences.lastIndex { !$0.hasRoom && (!canGoOn || $0.stalledSteps >= Self.patience) }
        guard let index else { return false }
        preempt(index)
        return true
    }

    private var held: Int { sequences.reduce(0) { $0 + $1.tokens.count } }

    private func hasRoom(for count: Int) -> Bool {
        guard !emptySlots.isEmpty else { return false }
        return sequences.isEmpty || held + count + margin <= kvTokens
    }

    private mutating func enterSlot(_ sequence: ScheduledSequence) {
        var sequence = sequence
        let slot = emptySlots.removeLast()
        session.reset(slot: slot)
        sequence.slot = slot
        sequence.read = 0
        sequence.stalledSteps = 0
        sequence.generation.enter(.prefill)
        sequences.insert(sequence, at: sequences.firstIndex { $0.arrival > sequence.arrival } ?? sequences.count)
        registry.hold(held)
    }

    /// Takes a sequence's slot away. It keeps what it has written and will read it again.
    private mutating func preempt(_ index: Int) {
        var sequence = sequences.remove(at: index)
        release(&sequence)
        sequence.generation.enter(.swapped)
        sequence.generation.countPreemption()
        registry.countPreemption()
        swapped.insert(sequence, at: swapped.firstIndex { $0.arrival > sequence.arrival } ?? swapped.count)
        configuration.stepHook?(
            .preempted(id: sequence.generation.requestID, choice: sequence.generation.choice)
        )
    }

    private mutating func release(_ sequence: inout ScheduledSequence) {
        guard let slot = sequence.slot else { return }
        // Freed at once: it is for this memory that the sequence had to go.
        session.reset(slot: slot)
        emptySlots.append(slot)
        sequence.slot = nil
        registry.hold(held)
    }

    /// Takes slots away until the next step fits: first from those whose readers hold them up, then from the youngest.
    private mutating func makeRoom() {
        while sequences.count > 1, held > kvTokens {
            preempt(sequences.lastIndex { !$0.hasRoom } ?? sequences.count - 1)
        }
    }

    // MARK: - Work

    /// Reads one chunk of one prompt, of each in its turn, so that a long prompt holds up nobody for long.
    /// - Returns: Whether there was a prompt to read.
    mutating func prefillOneChunk() -> Bool {
        let next = sequences.firstIndex { !$0.isRead && $0.arrival > lastRead }
        guard let index = next ?? sequences.firstIndex(where: { !$0.isRead }) else { return false }
        let (start, tokens) = (sequences[index].read, sequences[index].tokens)
        let generation = sequences[index].generation
        lastRead = sequences[index].arrival
        configuration.stepHook?(.prefillChunk(id: generation.requestID, position: start))
        guard !generation.flag.isSet else { return true }
        let end = min(start + configuration.prefillChunk, tokens.count - 1)
        session.prefill(tokens[start..<end], slot: sequences[index].slot!)
        sequences[index].read = end
        return true
    }

    /// Gives one token to every sequence that has been read and whose reader keeps up.
    mutating func decodeOneStep() -> Wait {
        // A flag that was set since the turn began: the sequence ends in the next one.
        if sequences.contains(where: { $0.generation.flag.isSet }) { return .none }
        makeRoom()
        stepping.removeAll(keepingCapacity: true)
        inputs.removeAll(keepingCapacity: true)
        for index in sequences.indices where sequences[index].isRead && sequences[index].hasRoom {
            stepping.append(index)
            inputs.append(StepInput(slot: sequences[index].slot!, token: sequences[index].tokens.last!))
        }
        if inputs.isEmpty { return .forChange }
        if let interval = configuration.stepInterval {
            let now = ContinuousClock.now
            if now < nextStep { return .until(nextStep) }
            // A step that comes late is not made up for by a burst.
            nextStep = max(nextStep + interval, now)
        }
        session.step(inputs, into: &logits)
        for index in sequences.indices where sequences[index].isRead {
            sequences[index].stalledSteps = sequences[index].hasRoom ? 0 : sequences[index].stalledSteps + 1
        }
        // From the back, so that a sequence that ends does not move those that are still to come.
        for position in stepping.indices.reversed() { accept(position) }
        registry.hold(held)
        return .none
    }

    /// Takes the token of one sequence of the batch.
    private mutating func accept(_ position: Int) {
        let index = stepping[position]
        let generation = sequences[index].generation
        let options = generation.options
        generation.enter(.decode)
        let width = vocabulary.count
        let row = position * width..<(position + 1) * width
        let remaining = min(options.maxTokens - generation.generated, longest - sequences[index].tokens.count)
        let (token, logprob) = sequences[index].choose(&choice, &logits, row, remaining: remaining)
        generation.countToken()
        configuration.stepHook?(
            .decoded(id: generation.requestID, choice: generation.choice, index: generation.generated - 1)
        )
        if generation.flag.isSet {
            generation.countLateToken()
            return finish(index, .stop)
        }
        if vocabulary.isEnd(token), !options.ignoresEndOfText {
            return finish(index, sequences[index].answer.ending(.stop))
        }
        output.clear()
        let ending = sequences[index].answer.append(token, logprob, into: &output)
        generation.output.append(output, generated: generation.generated)
        if let ending { return finish(index, ending) }
        if remaining <= 1 { finish(index, .length) }
    }

    // MARK: - Ends

    /// Ends a sequence in a slot and frees the slot.
    private mutating func finish(_ index: Int, _ natural: Outcome) {
        var sequence = sequences.remove(at: index)
        release(&sequence)
        end(sequence, natural)
    }

    private mutating func end(_ sequence: ScheduledSequence, _ natural: Outcome) {
        var sequence = sequence
        output.clear()
        sequence.answer.flush(into: &output)
        sequence.generation.output.append(output, generated: sequence.generation.generated)
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
        generation.ticket?.finish(isCancelled: !isNatural, tokens: generation.generated)
        generation.output.finish(isNatural ? natural : .cancelled(generation.flag.reason!))
    }
}

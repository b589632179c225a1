import Cancellation
import Synchronization
import Testing

@testable import EmbeddedEngine

@Suite struct PreemptionTests {
    /// Prompts of different lengths.
    private let prompts: [[Token]] = (0..<6).map { index -> [Token] in
        let count: Int = 10 + 7 * index
        return (0..<count).map { place -> Token in Token(97 + place * (index + 3) % 26) }
    }

    private func options(_ index: Int) -> (inout GenerationOptions) -> Void {
        {
            $0.maxTokens = 60 + 10 * index
            $0.ignoresEndOfText = true
            $0.logprobs = 1
            // Greedy ones, sampled ones, and ones whose sampler remembers what was written.
            $0.sampling = SamplingOptions(
                temperature: index % 2 == 0 ? 0 : 1,
                topP: 0.9,
                repetitionPenalty: index % 3 == 0 ? 1.3 : 1,
                repetitionWindow: 20,
                frequencyPenalty: 0.2,
                seed: UInt64(index)
            )
        }
    }

    @Test func aPreemptedSequenceWritesWhatItWouldHaveWritten() throws {
        let alone = try prompts.enumerated().map { index, prompt in
            let bench = Bench(model: HistoryModel())
            let reader = bench.reader("a", prompt: prompt, options(index))
            try bench.submit(reader)
            return reader.readAll().text
        }
        let model = HistoryModel()
        let bench = Bench(model: model) {
            $0.slots = 4
            $0.kvTokens = 250
            $0.prefillChunk = 16
        }
        let readers = prompts.enumerated().map { bench.reader("\($0)", prompt: $1, options($0)) }
        for reader in readers { try bench.submit(reader) }
        let together = readers.map { $0.readAll() }
        #expect(together.map(\.text) == alone)
        #expect(Set(alone).count == prompts.count)
        #expect(together.allSatisfy { $0.outcome == .length })
        let status = bench.registry.status
        #expect(status.preemptions > 0)
        #expect(status.recent.reduce(0) { $0 + $1.preemptions } == status.preemptions)
        #expect(model.mostHeld <= 250)
    }

    @Test func theOldestIsNeverPreempted() throws {
        let preempted = Mutex<Set<String>>([])
        let bench = Bench(model: HistoryModel()) {
            $0.slots = 8
            $0.kvTokens = 150
            // Nobody is held up by a reader.
            $0.outputCapacity = 200
            $0.stepHook = { if case .preempted(let id, _) = $0 { preempted.withLock { _ = $0.insert(id) } } }
        }
        let readers = (0..<6).map { index in
            bench.reader("\(index)", prompt: [97, 98]) {
                $0.maxTokens = 100
                $0.ignoresEndOfText = true
            }
        }
        for reader in readers { try bench.submit(reader) }
        for reader in readers { #expect(reader.readAll().pieces == 100) }
        let all = preempted.withLock(\.self)
        #expect(!all.isEmpty && !all.contains("0"))
        // First come, first served: nobody is done before those that came earlier.
        #expect(bench.registry.status.recent.map(\.id) == (0..<6).map(String.init))
    }

    @Test func aLongPromptIsNotOvertakenForEver() throws {
        let bench = Bench(model: HistoryModel()) {
            $0.slots = 4
            $0.kvTokens = 200
        }
        func reader(_ id: String, _ count: Int) -> Reader {
            bench.reader(id, prompt: Array(repeating: 97, count: count)) {
                $0.maxTokens = 20
                $0.ignoresEndOfText = true
            }
        }
        let first = reader("first", 100)
        let long = reader("long", 150)
        let short = (0..<10).map { reader("short\($0)", 3) }
        try bench.submit(first)
        try bench.submit(long)
        for reader in short { try bench.submit(reader) }
        for reader in [first, long] + short { _ = reader.readAll() }
        // There was a slot and room for the short ones all the time.
        #expect(bench.registry.status.recent.prefix(2).map(\.id) == ["first", "long"])
    }

    @Test func G7_aFlagThatIsSetWhileASequenceIsSwappedOutEndsItWithoutASlot() throws {
        let target = Mutex<Generation?>(nil)
        let readAfterwards = Atomic(false)
        let isSwapped = Atomic(false)
        let bench = Bench(model: HistoryModel()) {
            $0.slots = 2
            $0.kvTokens = 100
            $0.stepHook = { point in
                switch point {
                case .preempted("target", _):
                    isSwapped.store(true, ordering: .relaxed)
                    target.withLock { _ = $0?.flag.set(.guardTrip(detector: 2)) }
                case .prefillChunk("target", _), .decoded("target", _, _):
                    if isSwapped.load(ordering: .relaxed) { readAfterwards.store(true, ordering: .relaxed) }
                default: break
                }
            }
        }
        let other = bench.reader("other", prompt: [97]) {
            $0.maxTokens = 90
            $0.ignoresEndOfText = true
        }
        let reader = bench.reader("target", prompt: [98]) {
            $0.maxTokens = 90
            $0.ignoresEndOfText = true
        }
        target.withLock { $0 = reader.generation }
        try bench.submit(other, reader)
        #expect(reader.readAll().outcome == .cancelled(.guardTrip(detector: 2)))
        #expect(reader.generation.status.tokensAfterCancel == 0)
        // It ended at once, not when there was room again.
        #expect(other.readAll().outcome == .length)
        #expect(bench.registry.status.recent.map(\.id) == ["target", "other"])
        let wasRead = readAfterwards.load(ordering: .relaxed)
        #expect(!wasRead)
    }

    @Test func readersWhoTakeNothingDoNotKeepTheSlotsOfOthers() async throws {
        let bench = Bench(model: HistoryModel()) {
            $0.slots = 2
            $0.outputCapacity = 4
        }
        func reader(_ id: String, _ tokens: Int) -> Reader {
            bench.reader(id, prompt: [97]) {
                $0.maxTokens = tokens
                $0.ignoresEndOfText = true
            }
        }
        let stalled = (0..<2).map { reader("stalled\($0)", 30) }
        for reader in stalled { try bench.submit(reader) }
        try await eventually { stalled.allSatisfy { $0.generation.generated >= 4 } }
        let others = (0..<3).map { reader("other\($0)", 200) }
        for reader in others { try bench.submit(reader) }
        for reader in others { #expect(reader.readAll().outcome == .length) }
        #expect(stalled.allSatisfy { $0.generation.generated < 30 })
        #expect(bench.registry.status.preemptions >= 2)
        // Their readers come back, and nothing is missing.
        let texts = stalled.map { $0.readAll() }
        #expect(texts.allSatisfy { $0.pieces == 30 && $0.outcome == .length } && texts[0].text == texts[1].text)
    }

    @Test func sequencesThatAreSwappedOutTakeUpPlacesInTheQueue() async throws {
        let bench = Bench(model: HistoryModel()) {
            $0.slots = 1
            $0.outputCapacity = 2
            $0.queueCapacity = 3
        }
        var readers: [Reader] = []
        for index in 0..<4 {
            let reader = bench.reader("\(index)", prompt: [97]) {
                $0.maxTokens = 10
                $0.ignoresEndOfText = true
            }
            readers.append(reader)
            try bench.submit(reader)
            // Nobody reads, so each one is swapped out for the next.
            try await eventually { reader.generation.generated >= 2 }
        }
        try await eventually { bench.registry.status.active.filter { $0.state == .swapped }.count == 3 }
        #expect(throws: Scheduler.Refusal.queueFull) {
            try bench.scheduler.submit([bench.reader("late", prompt: [97]).generation])
        }
        for reader in readers { #expect(reader.readAll().pieces == 10) }
    }

    @Test func promptsAreReadInTurns() throws {
        let order = Mutex<[String]>([])
        let bench = Bench {
            $0.prefillChunk = 10
            $0.stepHook = { if case .prefillChunk(let id, _) = $0 { order.withLock { $0.append(id) } } }
        }
        let readers = [40, 40, 15].enumerated().map { index, count in
            bench.reader("\(index)", prompt: Array(repeating: 97, count: count)) { $0.maxTokens = 1 }
        }
        for reader in readers {
            _ = bench.registry.enter([reader.generation], names: [reader.generation.requestID])
        }
        try bench.scheduler.submit(readers.map(\.generation))
        for reader in readers { _ = reader.readAll() }
        #expect(order.withLock(\.self) == ["0", "1", "2", "0", "1", "2", "0", "1", "0", "1"])
    }

    @Test func aRequestForNothingIsAnsweredWithNothing() throws {
        let bench = Bench(model: HistoryModel())
        let reader = bench.reader("a", prompt: [97]) { $0.maxTokens = 0 }
        try bench.submit(reader)
        let result = reader.readAll()
        #expect(result.pieces == 0 && result.outcome == .length && reader.generation.generated == 0)
    }

    @Test func aSequenceThatFillsTheWholeCacheEnds() throws {
        let model = HistoryModel()
        let bench = Bench(model: model) { $0.kvTokens = 40 }
        let reader = bench.reader("a", prompt: Array(repeating: 97, count: 10)) { $0.ignoresEndOfText = true }
        try bench.submit(reader)
        let result = reader.readAll()
        #expect(result.pieces == 30 && result.outcome == .length && model.mostHeld < 40)
    }
}

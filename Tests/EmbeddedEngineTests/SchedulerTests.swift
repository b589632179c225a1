import Cancellation
import Dispatch
import Synchronization
import Testing

@testable import EmbeddedEngine

@Suite struct SchedulerTests {
    @Test func aSequenceEndsAtItsLimit() throws {
        let bench = Bench()
        let reader = bench.reader("a") { $0.maxTokens = 30 }
        try bench.submit(reader)
        let (text, pieces, outcome) = reader.readAll()
        #expect(text == "abcdefghijklmnopqrstuvwxyzabcd")
        #expect(pieces == 30 && outcome == .length)
        #expect(reader.generation.status.state == .completed)
        #expect(bench.registry.status.generatedTokens == 30)
    }

    @Test func aStopStringEndsTheTextBeforeIt() throws {
        let bench = Bench()
        let reader = bench.reader("a") { $0.stops = [Array("zzz".utf8), Array("fgh".utf8)] }
        try bench.submit(reader)
        let result = reader.readAll()
        #expect(result.text == "abcde" && result.outcome == .stop)
    }

    /// Where in its life a sequence is cancelled, and what it may have written then.
    enum Window: CaseIterable { case queue, prefill, firstToken, middle, swapped, lastToken, finishing }

    @Test(arguments: Window.allCases)
    func aCancelIsHonouredInEveryWindow(_ window: Window) throws {
        let target = Mutex<Generation?>(nil)
        let isQueued = Atomic(false)
        let bench = Bench {
            $0.slots = window == .swapped ? 2 : 1
            if window == .swapped { $0.kvTokens = 200 }
            $0.prefillChunk = 10
            $0.stepHook = { point in
                let isHere =
                    switch (window, point) {
                    case (.swapped, .preempted("target", _)): true
                    case (.queue, .beforeStep): isQueued.load(ordering: .sequentiallyConsistent)
                    case (.prefill, .prefillChunk("target", 30)): true
                    case (.firstToken, .decoded("target", _, 0)): true
                    case (.middle, .decoded("target", _, 20)): true
                    case (.lastToken, .decoded("target", _, 49)): true
                    case (.finishing, .finishing("target", _)): true
                    default: false
                    }
                if isHere { target.withLock { _ = $0?.flag.set(.userStop) } }
            }
        }
        let other = bench.reader("other") { $0.maxTokens = 1_000_000 }
        if window == .queue || window == .swapped { try bench.submit(other) }
        let reader = bench.reader("target", prompt: Array(repeating: 5, count: 100)) { $0.maxTokens = 50 }
        target.withLock { $0 = reader.generation }
        try bench.submit(reader)
        if window == .queue {
            isQueued.store(true, ordering: .sequentiallyConsistent)
            bench.scheduler.wake()
        }
        let result = reader.readAll()
        #expect(result.outcome == .cancelled(.userStop))
        let status = reader.generation.status
        #expect(status.state == .cancelled && status.cancelReason == .userStop)
        #expect(status.tokensAfterCancel <= 1)
        switch window {
        case .queue, .prefill: #expect(status.generatedTokens == 0 && result.pieces == 0)
        case .swapped:
            // Both grow by one in each step, and the younger one goes when there is no room for the next.
            #expect(status.preemptions == 1 && status.tokensAfterCancel == 0)
            #expect(status.generatedTokens > 0 && result.pieces == status.generatedTokens)
        case .firstToken: #expect(status.generatedTokens == 1 && status.tokensAfterCancel == 1 && result.pieces == 0)
        case .middle: #expect(status.generatedTokens == 21 && status.tokensAfterCancel == 1 && result.pieces == 20)
        case .lastToken: #expect(status.generatedTokens == 50 && status.tokensAfterCancel == 1 && result.pieces == 49)
        case .finishing: #expect(status.generatedTokens == 50 && status.tokensAfterCancel == 0 && result.pieces == 50)
        }
        other.generation.flag.set(.shutdown)
        bench.scheduler.wake()
    }

    @Test func aFlagSetBeforeAStepCostsNoToken() throws {
        let bench = Bench()
        let reader = bench.reader("a") { $0.maxTokens = 1_000_000 }
        reader.generation.flag.set(.deadline)
        try bench.submit(reader)
        #expect(reader.readAll().outcome == .cancelled(.deadline))
        #expect(reader.generation.status.generatedTokens == 0)
    }

    @Test func aSequenceInABatchGetsTheTokensItGetsAlone() throws {
        let model = try LlamaModel.small()
        let prompts = [
            "The guard", "User: What is a rule?\nAssistant:", "", "A healthy stream", "When the client goes",
        ]
        .map { model.tokenizer.encode(Array($0.utf8)) }
        func options(_ index: Int) -> (inout GenerationOptions) -> Void {
            {
                $0.maxTokens = 100 + 20 * index
                $0.ignoresEndOfText = true
                $0.sampling.temperature = index == 3 ? 0.9 : 0
                $0.sampling.seed = 5
            }
        }
        let alone = try prompts.enumerated().map { index, prompt in
            let bench = Bench(model: model) { $0.slots = 1 }
            let reader = bench.reader("a", prompt: prompt, options(index))
            try bench.submit(reader)
            return reader.readAll().text
        }
        let bench = Bench(model: model) {
            $0.slots = 3
            $0.prefillChunk = 2
        }
        let readers = prompts.enumerated().map { bench.reader("\($0)", prompt: $1, options($0)) }
        for reader in readers { try bench.submit(reader) }
        let together = readers.map { $0.readAll().text }
        #expect(together == alone)
        #expect(Set(together).count == prompts.count)
    }

    @Test func aSlowReaderStallsOnlyItsOwnSequence() async throws {
        let bench = Bench { $0.outputCapacity = 8 }
        let slow = bench.reader("slow") { $0.maxTokens = 100 }
        let fast = bench.reader("fast") { $0.maxTokens = 5_000 }
        try bench.submit(slow, fast)
        #expect(fast.readAll().pieces == 5_000)
        #expect(slow.generation.generated == 8)
        #expect(slow.readAll().pieces == 100)
    }

    @Test func G4_aCancelledSequenceNeverWaitsForItsReader() async throws {
        let bench = Bench {
            $0.outputCapacity = 4
            $0.slots = 1
        }
        let blocked = bench.reader("blocked") { $0.maxTokens = 1_000_000 }
        let next = bench.reader("next") { $0.maxTokens = 5 }
        try bench.submit(blocked)
        try await eventually { blocked.generation.generated == 4 }
        try bench.submit(next)
        #expect(bench.registry.cancel("blocked", .userStop) == .cancelled)
        bench.scheduler.wake()
        #expect(next.readAll().text == "abcde")
        let result = blocked.readAll()
        #expect(result.text == "abcd" && result.outcome == .cancelled(.userStop))
        #expect(blocked.generation.tokensAfterCancel == 0)
    }

    @Test func aFullQueueRefuses() async throws {
        let gate = Gate()
        let bench = Bench {
            $0.slots = 1
            $0.queueCapacity = 2
            $0.stepHook = { gate.pass(if: $0 == .decoded(id: "first", choice: 0, index: 0)) }
        }
        let readers = (0..<3).map { bench.reader($0 == 0 ? "first" : "\($0)") { $0.maxTokens = 2 } }
        try bench.submit(readers[0])
        try await eventually { gate.isHolding }
        try bench.submit(readers[1])
        try bench.submit(readers[2])
        let refused = bench.reader("refused")
        #expect(throws: Scheduler.Refusal.queueFull) { try bench.scheduler.submit([refused.generation]) }
        gate.open()
        for reader in readers { #expect(reader.readAll().text == "ab") }
    }

    @Test func stoppingEndsEverySequenceAndRefusesMore() async throws {
        let bench = Bench { $0.slots = 2 }
        let readers = (0..<5).map { bench.reader("\($0)") { $0.maxTokens = 1_000_000_000 } }
        for reader in readers { try bench.submit(reader) }
        await bench.scheduler.stop()
        for reader in readers { #expect(reader.readAll().outcome == .cancelled(.shutdown)) }
        #expect(throws: Scheduler.Refusal.stopping) { try bench.scheduler.submit([bench.reader("late").generation]) }
        await bench.scheduler.stop()
    }

    @Test func aPaceIsKept() throws {
        let bench = Bench { $0.tokensPerSecond = 1_000 }
        let start = ContinuousClock.now
        let reader = bench.reader("a") { $0.maxTokens = 51 }
        try bench.submit(reader)
        _ = reader.readAll()
        // Never faster than asked for; how much slower is the machine's affair.
        #expect(ContinuousClock.now - start >= .milliseconds(50))
    }
}

import Cancellation
import Dispatch
import Synchronization
import Testing

@testable import EmbeddedEngine

@Suite struct RaceTests {
    /// One sequence and everything that its reader is told.
    private final class Runner: Sendable {
        let generation: Generation
        let outcomes: @Sendable () -> [Outcome]
        let isCancelled = Atomic(false)

        init(_ id: Int, maxTokens: Int, ended: DispatchSemaphore) {
            let output = Mutex<PieceQueue?>(nil)
            let taken = Mutex<[Outcome]>([])
            var options = GenerationOptions(maxTokens: maxTokens)
            options.sampling.temperature = 0
            let queue = PieceQueue(capacity: 8) {
                var contents = PieceQueue.Contents()
                _ = output.withLock { $0 }?.take(into: &contents)
                guard let outcome = contents.outcome else { return }
                taken.withLock { $0.append(outcome) }
                output.withLock { $0 = nil }
                ended.signal()
            }
            output.withLock { $0 = queue }
            generation = Generation(requestID: "r\(id)", prompt: [0], options: options, output: queue)
            outcomes = { taken.withLock(\.self) }
        }
    }

    @Test func aHundredThousandCancelsAndNaturalEndsHaveOneOutcomeEach() throws {
        let (rounds, batch) = (100_000, 50)
        let bench = Bench(model: TinyModel()) {
            $0.slots = batch
            $0.queueCapacity = batch
        }
        let ended = DispatchSemaphore(value: 0)
        let (begin, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let current = Mutex<[Runner]>([])
        // The canceller lets a random time pass before each cancel, so that cancels fall before, into and behind the few
        // steps that a sequence lives for.
        startThread {
            var random = SplitMix64(state: 7)
            for _ in 0..<rounds / batch {
                begin.wait()
                for runner in current.withLock(\.self) {
                    for _ in 0..<(random.next() % 200) { _ = random.next() }
                    let won = runner.generation.flag.set(.guardTrip(detector: 9))
                    runner.isCancelled.store(won, ordering: .releasing)
                }
                bench.scheduler.wake()
                done.signal()
            }
        }
        var counts = (natural: 0, cancelled: 0)
        for round in 0..<rounds / batch {
            let runners = (0..<batch).map { Runner(round * batch + $0, maxTokens: 1 + $0 % 4, ended: ended) }
            current.withLock { $0 = runners }
            for runner in runners {
                _ = bench.registry.enter([runner.generation], names: [runner.generation.requestID])
            }
            begin.signal()
            try bench.scheduler.submit(runners.map(\.generation))
            for _ in runners { ended.wait() }
            done.wait()
            for runner in runners {
                let won = runner.isCancelled.load(ordering: .acquiring)
                #expect(runner.outcomes() == [won ? .cancelled(.guardTrip(detector: 9)) : .length])
                let status = runner.generation.status
                #expect(status.state == (won ? .cancelled : .completed))
                #expect(status.tokensAfterCancel <= (won ? 1 : 0))
                if won { counts.cancelled += 1 } else { counts.natural += 1 }
            }
        }
        let totals = bench.registry.status
        #expect(counts.natural + counts.cancelled == rounds)
        #expect(totals.finished == rounds && totals.cancelled == counts.cancelled)
        #expect(totals.active.isEmpty)
        #expect(counts.natural > 100 && counts.cancelled > 100, "no race at all: \(counts)")
    }
}

import ArgumentParser
import Cancellation
import Dispatch
import Glibc
import Guard
import RunIdentity
import Runs
import Synchronization

/// `loopguard-bench runs`
struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Measure what the registry of runs holds on to, and whether listing it slows those who use it."
    )

    @Option(help: "Runs that end.")
    var finished = 100_000

    @Option(help: "Runs that are live at the same time.")
    var live = 10_000

    @Flag(help: "Run even in a debug build.")
    var allowDebug = false

    func validate() throws {
        guard finished > 0, live > 0 else { throw ValidationError("--finished and --live must be positive.") }
    }

    /// Nobody carries anything out.
    private struct Idle: RunDriver {
        func carryOut(_ reason: EndReason, then done: @escaping @Sendable () -> Void) { done() }
        func text(_ answer: @escaping @Sendable (StreamText?) -> Void) { answer(nil) }
    }

    private static func begin(_ registry: RunRegistry, parent: String? = nil) -> Run {
        var identity = RunIdentity()
        identity.parentRun = parent
        let run = Run(
            identity: identity,
            facts: Run.Facts(
                kind: "chat",
                path: "/v1/chat/completions",
                model: "a-model-of-usual-name",
                client: "agent/1.0"
            ),
            started: 0,
            startedAt: monotonicNanoseconds(),
            driver: Idle()
        )
        guard registry.admit(run, at: run.startedAt) == .admitted else { preconditionFailure("nothing was stopped") }
        for phase in [RunPhase.sent, .streaming] { registry.advance(run, to: phase, at: 0) }
        return run
    }

    private static func end(_ run: Run, in registry: RunRegistry) {
        var text = StreamText()
        text.content = Array(repeating: 0x61, count: 1_024)
        run.keep(text)
        registry.advance(run, to: .completed, at: 0)
        registry.conclude(run, at: monotonicNanoseconds(), time: 0)
    }

    func run() throws {
        try Machine.requireRelease(orAllow: allowDebug)
        print(Machine.heading("loopguard runs"))
        let meter = ProcessMeter(pid: getpid())
        let registry = RunRegistry()
        let before = meter.residentBytes
        // Every tenth starts the nine that follow.
        var parent: String?
        var alive: [Run] = []
        for index in 0..<live {
            let run = Self.begin(registry, parent: index % 10 == 0 ? nil : parent)
            if index % 10 == 0 { parent = run.id }
            alive.append(run)
        }
        let withLive = meter.residentBytes
        for _ in 0..<finished { Self.end(Self.begin(registry), in: registry) }
        let withAll = meter.residentBytes
        let counts = registry.counts
        var memory = Table(["Runs", "in the registry", "MiB more", "KiB each"])
        func row(_ name: String, _ count: Int, _ bytes: Double) {
            let each = bytes / 1_024 / Double(max(count, 1))
            memory.add([name, "\(count)", "\((bytes / 104_857.6).rounded() / 10)", "\((each * 100).rounded() / 100)"])
        }
        row("\(live) live", counts.live, withLive - before)
        row("\(finished) finished", counts.ended, withAll - withLive)
        print(memory.markdown)

        var speed = Table(["A run's way through the registry", "p50, µs", "p99, µs", "most, µs"])
        func time(_ name: String) {
            var samples = (0..<20_000).map { _ in
                let start = monotonicNanoseconds()
                Self.end(Self.begin(registry), in: registry)
                return Double(monotonicNanoseconds() - start) / 1_000
            }
            samples.sort()
            func rounded(_ place: Double) -> String {
                "\((samples[Int(Double(samples.count - 1) * place)] * 10).rounded() / 10)"
            }
            speed.add([name, rounded(0.5), rounded(0.99), rounded(1)])
        }
        time("alone")
        let isOver = Atomic<Bool>(false)
        let listed = Atomic<Int>(0)
        let done = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            while !isOver.load(ordering: .relaxed) {
                listed.wrappingAdd(registry.all(at: monotonicNanoseconds()).count, ordering: .relaxed)
            }
            done.signal()
        }
        time("while another thread lists all \(live + counts.ended) without a pause")
        isOver.store(true, ordering: .relaxed)
        done.wait()
        print(speed.markdown)
        withExtendedLifetime(alive) {}
    }
}

import ArgumentParser

/// `loopguard-bench core`
struct CoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "core",
        abstract: "Time the guard, the detectors and the parsers in memory, without any I/O."
    )

    @Option(help: "Samples per figure, 5 or more.")
    var repetitions = 9

    @Option(help: "Milliseconds of CPU time that one sample takes at least, 1 to 10000.")
    var sampleMilliseconds = 150

    @Flag(help: "Run even in a debug build.")
    var allowDebug = false

    func validate() throws {
        guard (5...1_000).contains(repetitions) else { throw ValidationError("--repetitions must be 5 to 1000.") }
        guard (1...10_000).contains(sampleMilliseconds) else {
            throw ValidationError("--sample-milliseconds must be 1 to 10000.")
        }
    }

    func run() throws {
        try Machine.requireRelease(orAllow: allowDebug)
        print(Machine.heading("loopguard core"))
        let samples = "\(repetitions) samples of at least \(sampleMilliseconds) ms"
        print("CPU time; median (lowest–highest) of \(samples).\n")
        let watch = Stopwatch(repetitions: repetitions, sampleSeconds: Double(sampleMilliseconds) / 1_000)
        var benchmark = CoreBenchmark(watch)
        print(try benchmark.guardedStream().markdown, terminator: "\n\n")
        print(try benchmark.channelMonitor().markdown, terminator: "\n\n")
        print(benchmark.parsing().markdown)
        note("checksum \(benchmark.checksum)")
    }
}

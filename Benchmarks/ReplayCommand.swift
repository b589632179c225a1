import ArgumentParser

/// `loopguard-bench replay`
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Time whole replays in memory on one core, beside memcpy and simdjson over the same bytes."
    )

    @Argument(help: "Recordings to replay beside the streams that are made here.")
    var paths: [String] = []

    @Option(help: ArgumentHelp("The library made of Tools/simdjson/simdjson_parse.cpp.", valueName: "file"))
    var simdjson: String?

    @Option(help: ArgumentHelp("Only streams whose name holds this text.", valueName: "text"))
    var only: String?

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
        let parser = try simdjson.map { try SimdjsonParser($0) }
        print(Machine.heading("loopguard replay"))
        print("CPU time of one thread; median (lowest–highest) of \(repetitions) samples.", terminator: "")
        print(parser.map { " simdjson: DOM, \($0.kernel), of the payloads alone.\n" } ?? "\n")
        let watch = Stopwatch(repetitions: repetitions, sampleSeconds: Double(sampleMilliseconds) / 1_000)
        var benchmark = ReplayBenchmark(watch, parser)
        let cases = ReplayBenchmark.generated() + (try paths.map { try ReplayBenchmark.recorded($0) })
        print(try benchmark.run(cases.filter { only.map($0.name.contains) ?? true }).markdown)
        note("checksum \(benchmark.checksum)")
    }
}

import ArgumentParser
import EmbeddedEngine

/// `loopguard-bench engine`
struct EngineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Time the embedded engine's transformer, and the matrix products in it by themselves."
    )

    @Option(help: ArgumentHelp("A folder with a model of the Llama family.", valueName: "folder"))
    var model: String?

    @Option(help: "Tokens that every sequence has before its steps are timed, 1 or more.")
    var context = 128

    @Option(help: "Samples per figure, 5 or more.")
    var repetitions = 9

    @Option(help: "Steps that one sample takes, 1 to 10000.")
    var steps = 64

    @Flag(help: "Run even in a debug build.")
    var allowDebug = false

    func validate() throws {
        guard context >= 1 else { throw ValidationError("--context must be 1 or more.") }
        guard (5...1_000).contains(repetitions) else { throw ValidationError("--repetitions must be 5 to 1000.") }
        guard (1...10_000).contains(steps) else { throw ValidationError("--steps must be 1 to 10000.") }
    }

    func run() throws {
        try Machine.requireRelease(orAllow: allowDebug)
        let model = try model.map { try LlamaModel(directory: $0) } ?? LlamaModel.small()
        guard context + steps <= model.contextLength else {
            throw BenchmarkError(
                "\(model.name) has a context of \(model.contextLength) tokens; --context and --steps are more together"
            )
        }
        var benchmark = EngineBenchmark(model, context: context, steps: steps, repetitions: repetitions)
        print(Machine.heading("loopguard engine"))
        print("\(model.name), \(benchmark.weights) weights in products, context \(context)–\(context + steps) tokens.")
        print("CPU time on one thread; median (lowest–highest) of \(repetitions) samples of \(steps) steps.\n")
        print(benchmark.decoding(batches: [1, 2, 4, 8, 16]).markdown, terminator: "\n\n")
        print(benchmark.prefill().markdown)
        note("checksum \(benchmark.checksum)")
    }
}

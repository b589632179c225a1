import ArgumentParser

/// The command line of the benchmarks.
@main
struct LoopguardBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loopguard-bench",
        abstract:
            "Measures loopguard: the core, the gateway beside nginx and beside no gateway, and the embedded engine.",
        discussion: """
            Build it for release, or the figures mean nothing:

              swift build -c release
              .build/release/loopguard-bench core
              .build/release/loopguard-bench replay fixtures/corpus
              .build/release/loopguard-bench gateway --loopguard .build/release/loopguard --nginx
              .build/release/loopguard-bench engine

            Everything is bounded in time and runs on the loopback interface alone. docs/performance.md explains the \
            method.
            """,
        subcommands: [
            CoreCommand.self, ReplayCommand.self, GatewayCommand.self, EngineCommand.self, BoardCommand.self,
            RecordingCommand.self, RunsCommand.self, UpstreamCommand.self,
        ]
    )
}

/// What went wrong, where, and what to do about it.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

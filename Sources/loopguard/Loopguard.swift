import ArgumentParser

/// The command line.
@main
struct Loopguard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loopguard",
        abstract: "A reverse proxy that ends looping generations and makes the engine stop.",
        version: "0.1.0",
        subcommands: [ReplayCommand.self]
    )
}

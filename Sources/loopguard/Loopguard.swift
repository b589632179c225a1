import ArgumentParser

/// The command line.
@main
struct Loopguard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loopguard",
        abstract: "A reverse proxy that ends looping generations and makes the engine stop.",
        discussion: """
            Point an agent's base URL at loopguard and loopguard at the engine:

              loopguard serve --upstream http://127.0.0.1:8080

            Results go to standard output, everything else to standard error. The exit status is 0 when all is well, \
            1 when what was asked about fell short, 2 when doctor could not examine an engine, 64 for wrong usage, 69 \
            when the other side cannot be reached.
            """,
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, EngineCommand.self, RunsCommand.self, StopCommand.self, DoctorCommand.self,
            ReplayCommand.self, RecordingsCommand.self, RulesCommand.self,
        ]
    )

    static func main() async {
        do {
            await main(try ConfigurationFile.expand(Array(CommandLine.arguments.dropFirst())))
        } catch {
            exit(withError: error)
        }
    }
}

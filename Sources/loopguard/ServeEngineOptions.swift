import ArgumentParser
import Engines
import Gateway

/// What `serve` is told about the engine that it guards.
struct ServeEngineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Which engine it is: auto asks the engine itself; otherwise one of \
            \(EngineAdapter.all.map(\.name).joined(separator: ", ")).
            """,
            valueName: "name"
        )
    )
    var engine = "auto"

    @Option(
        help: ArgumentHelp("The most runs at the engine at a time; as many as come when left out.", valueName: "runs")
    )
    var maxConcurrent: Int?

    @Option(
        help: ArgumentHelp(
            "The most runs that wait for a place at the engine; a further one is answered with status 429.",
            valueName: "runs"
        )
    )
    var maxQueued = 64

    @Option(
        help: ArgumentHelp(
            "Seconds for which an engine that was not seen to stop keeps the place of the run that was cut.",
            valueName: "seconds"
        )
    )
    var quarantine = 15.0

    func validate() throws {
        if engine != "auto", EngineAdapter.named(engine) == nil {
            let names = EngineAdapter.all.map(\.name).joined(separator: ", ")
            throw ValidationError("--engine must be auto or one of \(names), not '\(engine)'.")
        }
        if let maxConcurrent, maxConcurrent < 1 {
            throw ValidationError("--max-concurrent must be at least 1, not \(maxConcurrent).")
        }
        if maxQueued < 0 { throw ValidationError("--max-queued must be at least 0, not \(maxQueued).") }
        if !(quarantine >= 0 && quarantine <= 3_600) {
            throw ValidationError("--quarantine must be from 0 to 3600 seconds, not \(quarantine).")
        }
    }

    /// - Parameter isEmbedded: Whether the engine is the one that comes with loopguard, which needs no asking.
    func configure(_ configuration: inout GatewayConfiguration, isEmbedded: Bool) {
        if let adapter = EngineAdapter.named(engine) {
            configuration.engine = .named(adapter)
        } else {
            configuration.engine = isEmbedded ? .named(.embedded) : .recognised
        }
        configuration.maxConcurrent = maxConcurrent
        configuration.maxQueued = maxQueued
        configuration.cancelTimes.quarantine = .seconds(quarantine)
    }
}

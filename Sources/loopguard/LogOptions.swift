import ArgumentParser
import Logging

/// The options of the log, which goes to standard error.
struct LogOptions: ParsableArguments {
    @Option(
        name: .customLong("log-level"),
        help: "trace, debug, info, notice, warning, error or critical.",
        transform: { text in
            guard let level = Logger.Level(rawValue: text) else {
                let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("'\(text)' is no log level; there are \(levels).")
            }
            return level
        }
    )
    var level = Logger.Level.info

    /// Sets the process's log up.
    func bootstrap() -> (logger: Logger, log: BackgroundLog) {
        let log = BackgroundLog()
        LoggingSystem.bootstrap { label in log.handler(StreamLogHandler.standardError(label: label)) }
        var logger = Logger(label: "loopguard")
        logger.logLevel = level
        return (logger, log)
    }
}

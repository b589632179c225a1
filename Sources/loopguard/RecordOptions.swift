public import ArgumentParser
import Logging
public import Recordings
import ServiceLifecycle

/// The options of `loopguard serve` about recordings.
struct RecordOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Record generations in this folder: requests, both streams with their times, verdicts. Keys are taken out.",
            valueName: "dir"
        )
    )
    var record: String?

    @Option(help: "all, or only runs in which a detector found something: tripped.")
    var recordOnly = RecordingPolicy.Choice.all

    @Option(help: ArgumentHelp("The share of runs that are recorded, by chance; 1 for all.", valueName: "share"))
    var recordSample = 1.0

    @Option(
        help: ArgumentHelp(
            "The most disk that recordings may take, such as 500M or 4G; the oldest are removed.",
            valueName: "size"
        )
    )
    var recordMaxBytes = ByteCount(1 << 30)

    @Option(
        help: ArgumentHelp(
            "How long recordings are kept, such as 12h or 7d; the oldest are removed.",
            valueName: "time"
        )
    )
    var recordMaxAge = TimeSpan(seconds: 7 * 86_400)

    @Flag(help: "Replace the letters of texts by x and their digits by 0 before they are written.")
    var recordRedactText = false

    func validate() throws {
        if !(recordSample >= 0 && recordSample <= 1) {
            throw ValidationError("--record-sample must be from 0 to 1, not \(recordSample).")
        }
        if recordMaxBytes.bytes < 1 << 20 {
            throw ValidationError("--record-max-bytes must be at least 1M, not \(recordMaxBytes.bytes) bytes.")
        }
    }

    /// Starts the recorder that was asked for.
    func start(_ logger: Logger) throws -> RunRecorder? {
        guard let record else { return nil }
        var configuration = RecorderConfiguration(directory: record)
        configuration.policy = RecordingPolicy(only: recordOnly, sample: recordSample)
        configuration.limits = .init(bytes: recordMaxBytes.bytes, age: recordMaxAge.seconds)
        configuration.redactsText = recordRedactText
        do {
            let recorder = try RunRecorder(configuration: configuration, logger: logger)
            recorder.start()
            return recorder
        } catch let error as RecordingError {
            throw ValidationError("--record: \(error)")
        }
    }
}

extension RecordingPolicy.Choice: ExpressibleByArgument {}

/// The recorder, started already, for as long as the process runs.
struct RecorderService: Service {
    let recorder: RunRecorder

    func run() async throws {
        try? await gracefulShutdown()
        recorder.stop()
    }
}

public import ArgumentParser
import Logging
public import Recordings
import Replay
import Runs
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

extension RecordOptions {
    /// Keeps labels in the folder of the recordings, where `recordings mark` keeps them.
    var mark: (@Sendable (_ run: String, _ label: RunLabel) throws -> Void)? {
        guard let record else { return nil }
        return { run, label in try LabelFile.mark(run: run, in: record, Label(label)) }
    }
}

extension Label {
    /// What was said over HTTP, as it stands in a file.
    init(_ label: RunLabel) {
        switch label {
        case .healthy: self.init(Kind.healthy)
        case .loop(let channel, let began): self.init(Kind.loop, channel: channel.map { Channel($0) }, began: began)
        }
    }
}

extension Label.Channel {
    init(_ channel: RunLabel.Channel) {
        switch channel {
        case .content: self = .content
        case .reasoning: self = .reasoning
        case .arguments: self = .arguments
        case .calls: self = .calls
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

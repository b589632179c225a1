import ArgumentParser
import RecordingIndex
import Recordings

extension RecordingsCommand {
    /// `loopguard recordings prune`
    struct Prune: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove the oldest segments, so that recordings take no more than asked.",
            discussion: "Whole segments are removed, and none that a gateway is writing."
        )

        @Argument(help: "A folder of recordings.")
        var folder: String

        @Option(help: "The most disk that they may take, such as 500M or 4G.")
        var maxBytes: ByteCount?

        @Option(help: "Remove what is older, such as 12h or 7d.")
        var maxAge: TimeSpan?

        @Flag(help: "Say what would be removed, and remove nothing.")
        var dryRun = false

        func validate() throws {
            if maxBytes == nil, maxAge == nil {
                throw ValidationError("Say what may stay: --max-bytes, --max-age, or both.")
            }
        }

        func run() throws {
            let index = try RecordedPlace(folder).index
            let limits = RecordingDirectory.Limits(bytes: maxBytes?.bytes, age: maxAge?.seconds)
            let removed = try dryRun ? index.directory.excess(over: limits) : index.directory.prune(limits)
            for segment in removed { print("\(segment.path)  \(segment.length) bytes") }
            if !dryRun { try index.refresh() }
        }
    }

    /// `loopguard recordings reindex`
    struct Reindex: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the index of a folder anew.",
            discussion: """
                Never needed for it to be right: each command reads what was added to the segments since the last one. \
                It may be deleted at any time.
                """
        )

        @Argument(help: "A folder of recordings.")
        var folder: String

        func run() throws {
            let index = try RecordedPlace(folder).index
            try index.rebuild()
            var query = RunQuery()
            query.limit = .max
            print("\(try index.runs(query).count) runs")
        }
    }
}

public import ArgumentParser
public import Replay

/// `loopguard recordings`
struct RecordingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recordings",
        abstract: "Work with recorded streams.",
        discussion: """
            `loopguard serve --record FOLDER` makes recordings. A run is named FOLDER/ID, here and for `loopguard replay`.
            """,
        subcommands: [
            List.self, Show.self, Export.self, Import.self, Mark.self, Prune.self, Reindex.self,
        ]
    )

    /// `loopguard recordings mark`
    struct Mark: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that a recording is healthy, or where it begins to loop.",
            discussion: """
                The label is kept in labels.jsonl, in the folder of the recording. `loopguard replay --score` and \
                `loopguard rules tune` judge rules by it.
                """
        )

        @Argument(help: "A recording: FILE.sse, FILE.ndjson, or FOLDER/ID for a recorded run.")
        var file: String

        @Argument(help: "loop or healthy.")
        var kind: Label.Kind

        @Option(help: "Where it loops: content, reasoning, arguments or calls.")
        var channel: Label.Channel?

        @Option(
            name: .customLong("from"),
            help: "The byte of that channel at which the loop begins, as `replay` counts; for calls, the call."
        )
        var began: Int?

        @Option(name: .customLong("class"), help: "A name by which scores are told apart.")
        var group: String?

        func validate() throws {
            if let began, began < 0 { throw ValidationError("--from must be at least 0, not \(began).") }
            if kind == .healthy, began != nil || channel != nil {
                throw ValidationError(
                    "A healthy recording has no place where it loops: leave out --from and --channel."
                )
            }
            if began != nil, channel == nil {
                throw ValidationError("--from counts the bytes of one channel: say which with --channel.")
            }
        }

        func run() throws {
            do throws(ReplayError) {
                try LabelFile.mark(file, Label(kind, channel: channel, began: began ?? 0, group: group))
            } catch {
                throw ValidationError(error.description)
            }
        }
    }
}

extension Label.Kind: ExpressibleByArgument {}
extension Label.Channel: ExpressibleByArgument {}

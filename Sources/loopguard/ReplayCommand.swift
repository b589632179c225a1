import ArgumentParser
import Guard
import LoopDetection
import Replay

/// `loopguard replay`
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Show what the guard would have done to recorded streams."
    )

    @Argument(help: "Recordings (.sse, .ndjson) or folders of them.")
    var paths: [String]

    func run() async throws {
        let replayer = Replayer { _ in GuardSettings() }
        for recording in try Recording.find(paths) {
            print(replayer.replay(recording).jsonLine)
        }
    }
}

import ArgumentParser
import Foundation
import GenerationWire
import LoopDetection
import Replay
import Rules

/// `loopguard replay`
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Show what the guard would have done to recorded streams.",
        discussion: """
            A recording is a response body as the engine sent it (.sse or .ndjson). When the request lies beside it as \
            NAME.request.json, the detectors that look across turns see it too. The bytes go through the very guard \
            that the gateway runs. A .corpus.jsonl file holds many recordings with their labels, one in a line.

            With --score the verdicts are compared with the labels that `loopguard recordings mark` has set: false \
            stops, loops that were missed, and the bytes of loop that were delivered before the stop.
            """
    )

    @Argument(help: "Recordings, or folders with recordings below them.")
    var paths: [String]

    @OptionGroup var rules: RulesOption

    @Option(help: "table, json or jsonl (one line of JSON per recording).")
    var format = Format.table

    @Option(help: "How many recordings are replayed at once.")
    var jobs = ProcessInfo.processInfo.activeProcessorCount

    @Flag(help: "Compare with the labels of the recordings and print the score.")
    var score = false

    @Option(name: .customLong("fail-on"), help: "End with status 1 when a verdict goes as far: observe, warn or stop.")
    var failOn: FailOn?

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, jsonl
    }

    enum FailOn: String, ExpressibleByArgument, CaseIterable {
        case observe, warn, stop

        var mode: Mode {
            switch self {
            case .observe: .observe
            case .warn: .warn
            case .stop: .stop
            }
        }
    }

    func validate() throws {
        if jobs < 1 { throw ValidationError("--jobs must be at least 1, not \(jobs).") }
        if score, format == .jsonl { throw ValidationError("--score prints a table or, with --format json, JSON.") }
        if score, failOn != nil { throw ValidationError("--fail-on cannot be combined with --score.") }
    }

    func run() async throws {
        let rules = try rules.load()
        let recordings: [Recording]
        do throws(ReplayError) {
            recordings = try Recording.find(paths)
        } catch {
            throw ValidationError(error.description)
        }
        let replayer = Replayer(rules: rules)
        if score { return try await printScore(replayer, recordings) }
        var summary = ReplaySummary()
        var printer = ResultPrinter(format: format)
        for await result in replayer.replay(recordings, jobs: jobs) {
            summary.add(result)
            printer.print(result)
        }
        printer.finish(summary)
        let isTooFar = failOn.map { summary.furthest >= $0.mode } ?? false
        if summary.errors > 0 || isTooFar { throw ExitCode(1) }
    }

    private func printScore(_ replayer: Replayer, _ recordings: [Recording]) async throws {
        let score: Score
        do throws(ReplayError) {
            score = try await replayer.score(recordings, jobs: jobs)
        } catch {
            throw ValidationError(error.description)
        }
        print(format == .json ? score.json + "\n" : score.table, terminator: "")
        if score.total.healthy + score.total.loops == 0 {
            printError("no recording has a label; set some with `loopguard recordings mark`")
            throw ExitCode(1)
        }
        if !score.errors.isEmpty { throw ExitCode(1) }
    }
}

/// Prints results as they come, in the format asked for.
private struct ResultPrinter {
    let format: ReplayCommand.Format
    private var isFirst = true

    init(format: ReplayCommand.Format) { self.format = format }

    mutating func print(_ result: ReplayResult) {
        defer { isFirst = false }
        switch format {
        case .jsonl: Swift.print(result.jsonLine)
        case .json: Swift.print((isFirst ? "{\"results\":[\n" : ",\n") + result.jsonLine, terminator: "")
        case .table:
            if isFirst { Swift.print(ReplayResult.tableHead) }
            Swift.print(result.tableRow)
        }
    }

    func finish(_ summary: ReplaySummary) {
        switch format {
        case .jsonl: break
        case .json: Swift.print((isFirst ? "{\"results\":[" : "") + "\n],\"summary\":\(summary.json)}")
        case .table: Swift.print("\n\(summary.sentence)")
        }
    }
}

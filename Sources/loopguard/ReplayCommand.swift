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
            that the gateway runs. A .corpus.jsonl file holds many recordings with their labels, one in a line. In \
            place of paths, - reads recordings from standard input, one JSON object in a line: docs/replay.md says how.

            With --against the verdicts are compared with those of other rules, such as the ones in force today: which \
            runs --rules would newly stop, no longer stop, stop earlier or later.

            With --score the verdicts are compared with the labels that `loopguard recordings mark` has set: false \
            stops, loops that were missed, and the bytes of loop that were delivered before the stop.
            """
    )

    @Argument(help: "Recordings, or folders with recordings below them; - for JSON Lines on standard input.")
    var paths: [String]

    @OptionGroup var rules: RulesOption

    @Option(help: ArgumentHelp("Rules to compare with: what changes from these to --rules.", valueName: "file"))
    var against: String?

    @Option(
        help: """
            table, json, jsonl (one line of JSON per recording), csv, or html (a report in one file). Default: table, \
            and jsonl for standard input.
            """
    )
    var format: ReplayOutput.Format?

    @Option(name: .shortAndLong, help: "Where the result is written; without it, to standard output.")
    var output: String?

    @Option(help: "How many recordings are replayed at once.")
    var jobs = ProcessInfo.processInfo.activeProcessorCount

    @Option(
        help: ArgumentHelp(
            "Keep what is done in this file, and go on from it when the replay was interrupted.",
            valueName: "state"
        )
    )
    var resume: String?

    @Flag(help: "Keep recorded time, and say each verdict when it comes. Only for recordings that hold times.")
    var pace = false

    @Option(help: "With --pace: how many times as fast as recorded.")
    var speed = 1.0

    @Flag(help: "Compare with the labels of the recordings and print the score.")
    var score = false

    @Option(name: .customLong("fail-on"), help: "End with status 1 when a verdict goes as far: observe, warn or stop.")
    var failOn: FailOn?

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
        if !(speed > 0 && speed <= 1_000_000) {
            throw ValidationError("--speed must be more than 0 and at most 1000000, not \(speed).")
        }
        if speed != 1, !pace { throw ValidationError("--speed goes with --pace; without it a replay takes no time.") }
        if readsStandardInput, paths.count > 1 { throw ValidationError("- cannot be combined with other paths.") }
        if readsStandardInput, resume != nil {
            throw ValidationError("--resume needs files: standard input cannot be read again.")
        }
        guard score else { return }
        if let format, format != .table, format != .json {
            throw ValidationError("--score prints a table or, with --format json, JSON.")
        }
        let others: [(String, Bool)] = [
            ("--fail-on", failOn != nil), ("--against", against != nil), ("--output", output != nil),
            ("--resume", resume != nil), ("--pace", pace), ("-", readsStandardInput),
        ]
        for (name, isGiven) in others where isGiven {
            throw ValidationError("\(name) cannot be combined with --score.")
        }
    }

    private var readsStandardInput: Bool { paths.contains(RecordingWalk.standardInput) }

    func run() async throws {
        let rules = try rules.load()
        if score { return try await printScore(Replayer(rules: rules)) }
        do {
            try await replay(rules)
        } catch let error as ReplayError {
            throw ValidationError(error.description)
        }
    }

    private func replay(_ rules: RuleSet) async throws {
        var plan = ReplayPlan(Replayer(rules: rules))
        let format = format ?? (readsStandardInput ? .jsonl : .table)
        plan.replayer.looksCloser = format == .html
        let old = try against.map { try RulesOption(file: $0).load() }
        plan.against = old.map { Replayer(rules: $0) }
        if pace { plan.pace = Pace(speed: speed, announce: Self.announce) }

        let walk = try RecordingWalk(paths)
        let title = ReplayReport.Title(paths: paths, rules: self.rules.file ?? "default rules", against: against)
        var output = try ReplayOutput(format, title, path: output, isLive: readsStandardInput || pace)
        var progress = ProgressBar(total: walk.size)
        let handOver = { (row: ReplayRow) in
            progress.clear()
            try output.add(row)
            progress.advance(bytes: row.result.bodyBytes)
        }
        if let resume {
            let texts = [
                RuleSet.yaml(of: rules), old.map { RuleSet.yaml(of: $0) } ?? "", "\(plan.replayer.looksCloser)",
            ]
            let journal = try ReplayJournal(resume, identity: texts + paths)
            try await plan.replay(walk, jobs: jobs, journal: journal, handOver)
        } else {
            try await plan.replay(walk, jobs: jobs, handOver)
        }
        progress.clear()
        let summary = output.report.summary
        if summary.recordings == 0, !readsStandardInput {
            throw ReplayError(
                file: paths.joined(separator: ", "),
                message: "there is no recording (looked for names ending in "
                    + Recording.endings.joined(separator: ", ") + ")"
            )
        }
        try output.finish()
        let isTooFar = failOn.map { summary.furthest >= $0.mode } ?? false
        if summary.errors > 0 || isTooFar { throw ExitCode(1) }
    }

    @Sendable private static func announce(_ file: String, _ seconds: Double, _ event: Int, _ verdict: Verdict) {
        let place = verdict.channel.map { " in \($0)" } ?? ""
        let time = String(format: "%9.3f s", seconds)
        printError("\(time)  \(verdict.mode): \(verdict.detector.name)\(place) at event \(event)  \(file)")
    }

    private func printScore(_ replayer: Replayer) async throws {
        let score: Score
        do throws(ReplayError) {
            score = try await replayer.score(try Recording.find(paths), jobs: jobs)
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

extension ReplayOutput.Format: ExpressibleByArgument {}

import ArgumentParser
import Foundation
import Replay
import Rules

/// `loopguard rules`
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Check rules files, show the rules in force, and tune them.",
        subcommands: [Check.self, Show.self, Tune.self]
    )

    /// `loopguard rules check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Report every mistake in rules files, with line and column."
        )

        @Argument(help: "Rules files.")
        var files: [String]

        func run() throws {
            var areFine = true
            for file in files {
                do throws(RuleErrors) {
                    _ = try RuleSet.load(file)
                    print("\(file): fine")
                } catch {
                    areFine = false
                    printError(error.description)
                }
            }
            if !areFine { throw ExitCode(1) }
        }
    }

    /// `loopguard rules show`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the rules in force, with every setting."
        )

        @Argument(help: "A rules file; without it the default rules.")
        var file: String?

        @Flag(help: "Print the JSON Schema of rules files instead, for editors.")
        var schema = false

        func run() throws {
            var rules = RulesOption()
            rules.file = file
            print(schema ? RuleSet.schema : RuleSet.yaml(of: try rules.load()), terminator: "")
        }
    }

    /// `loopguard rules tune`
    struct Tune: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look for better thresholds on labelled recordings.",
            discussion: """
                The rules are tuned on half of the recordings and tried on the other half. The file that is written says \
                for each number what speaks for it. See docs/replay.md.
                """
        )

        @Argument(help: "Recordings, or folders with recordings below them.")
        var paths: [String]

        @Option(
            name: .customLong("max-false-stops"),
            help: "The largest share of healthy recordings that may be stopped, from 0 to 1."
        )
        var mostFalseStops = 0.0

        @Option(name: .shortAndLong, help: "Where the rules are written; without it, to standard output.")
        var output: String?

        @Option(help: "How many recordings are replayed at once.")
        var jobs = ProcessInfo.processInfo.activeProcessorCount

        func validate() throws {
            if jobs < 1 { throw ValidationError("--jobs must be at least 1, not \(jobs).") }
            if !(0...1).contains(mostFalseStops) {
                throw ValidationError("--max-false-stops must be from 0 to 1, not \(mostFalseStops).")
            }
        }

        func run() async throws {
            var tuner = RuleTuner()
            tuner.mostFalseStops = mostFalseStops
            tuner.jobs = jobs
            tuner.progress = { printError($0) }
            let tuned: TunedRules
            do throws(ReplayError) {
                tuned = try await tuner.tune(try Recording.find(paths))
            } catch {
                throw ValidationError(error.description)
            }
            guard let output else { return print(tuned.yaml, terminator: "") }
            do {
                try Data(tuned.yaml.utf8).write(to: URL(fileURLWithPath: output))
            } catch {
                throw ValidationError("--output: \(output) cannot be written: \(error.localizedDescription)")
            }
        }
    }
}

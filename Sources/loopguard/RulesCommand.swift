import ArgumentParser
import Rules

/// `loopguard rules`
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Check rules files and show the rules in force.",
        subcommands: [Check.self, Show.self]
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
}

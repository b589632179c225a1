import ArgumentParser
import Rules

/// The option that names a rules file.
struct RulesOption: ParsableArguments {
    @Option(name: .customLong("rules"), help: "A rules file; without it the default rules, which are compiled in.")
    var file: String?

    init() {}

    /// An option that was given, under another name.
    init(file: String) { self.file = file }

    /// The rules. Every mistake in the file goes to standard error, and the command ends with status 1.
    func load() throws -> RuleSet {
        guard let file else { return .default }
        do throws(RuleErrors) {
            return try RuleSet.load(file)
        } catch {
            printError(error.description)
            throw ExitCode(1)
        }
    }
}

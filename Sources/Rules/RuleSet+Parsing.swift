import Foundation

extension RuleSet {
    /// The longest rules file that is read, in bytes.
    public static let longestFile = 1_048_576

    /// Reads rules. Throws every mistake at once, each with its line and column; `file` is the name they bear.
    public static func parse(yaml: String, file: String) throws(RuleErrors) -> RuleSet {
        guard yaml.utf8.count <= longestFile else {
            throw RuleErrors(
                [
                    RuleError(
                        file: file,
                        line: 1,
                        column: 1,
                        message: "the file has \(yaml.utf8.count) bytes; at most \(longestFile) are read"
                    )
                ]
            )
        }
        let document = RuleDocument(yaml: yaml, file: file)
        var reader = RuleReader(file: file, document: document)
        let rules = document.root.map { reader.rules($0) }
        let errors = document.errors + reader.errors
        guard errors.isEmpty, let rules else { throw RuleErrors(errors) }
        return rules
    }

    /// Reads the rules file at `path`. Throws as ``parse(yaml:file:)`` does, and for a file that cannot be read or is
    /// not UTF-8.
    public static func load(_ path: String) throws(RuleErrors) -> RuleSet {
        func failure(_ message: String) -> RuleErrors {
            RuleErrors([RuleError(file: path, line: 1, column: 1, message: message)])
        }
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw failure("the file cannot be read: \(error.localizedDescription)")
        }
        guard let yaml = String(validating: bytes, as: UTF8.self) else {
            throw failure("the file is not UTF-8")
        }
        return try parse(yaml: yaml, file: path)
    }
}

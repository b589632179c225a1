/// One mistake in a rules file.
public struct RuleError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file as it was named to the parser.
    public var file: String
    /// The line, counted from 1.
    public var line: Int
    /// The column in Unicode scalars, counted from 1.
    public var column: Int
    /// What is wrong, which key it is about, and what would be right.
    public var message: String

    /// `file:line:column: error: message`, as compilers write it and editors read it.
    public var description: String { "\(file):\(line):\(column): error: \(message)" }
}

/// Every mistake in a rules file, in the order of their places. Never empty.
public struct RuleErrors: Error, Sendable, Equatable, CustomStringConvertible {
    /// The mistakes.
    public let errors: [RuleError]

    init(_ errors: [RuleError]) {
        self.errors = errors.sorted { ($0.line, $0.column, $0.message) < ($1.line, $1.column, $1.message) }
    }

    /// One line for each mistake.
    public var description: String { errors.map(\.description).joined(separator: "\n") }
}

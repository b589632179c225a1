/// The failures that trying again cannot mend.
///
/// Left out on purpose: "already exists", `TypeError` and a bare "not found" (HTTP, npm), which say nothing about the
/// next try; and whatever time may mend by itself, see ``Failure/isTransient(_:)``.
enum FailureClass: String, Sendable, CaseIterable {
    case binaryMissing = "binary_missing"
    case notFound = "not_found"
    case permission
    case unknownTool = "unknown_tool"
    case invalidArgument = "invalid_argument"
    case editMismatch = "edit_mismatch"
    case isDirectory = "is_directory"
}

/// A result judged as a failure.
struct Failure: Sendable {
    let kind: FailureClass
    /// The line that says so.
    let line: String
    /// What is equal for failures of the same cause.
    let cause: Fingerprint
    /// The program that is missing, when the call would run it.
    var binary: String?

    /// Judges a result; `nil` when it is no failure of these classes.
    ///
    /// Where nothing but its brevity makes a text look like an error, at least half of its lines must say the same, and
    /// a denial must make up half of any text: a search that was kept out of one folder has not failed.
    ///
    /// - Parameter isOffered: Whether the request offers the tool; an error of one that it does not offer needs
    ///   no words.
    init?(of call: ToolCall, _ result: ToolResult, isOffered: Bool) {
        guard !result.isRefusal, !Self.isTransient(result) else { return nil }
        var found: (kind: FailureClass, line: ErrorLine, binary: String?)?
        var matches = 0
        var others = 0
        for line in result.lines {
            if let (kind, binary) = Self.judge(line, call, isError: result.isError) {
                if found == nil { found = (kind, line, binary) }
                if found?.kind == kind { matches += 1 }
            } else if !line.tellsExitCode {
                others += 1
            }
        }
        guard var found else {
            if !isOffered, result.isError {
                self.init(.unknownTool, result.lines.first?.text ?? "", nil)
                return
            }
            // A shell's code for a program that it could not find.
            guard result.exitCode == 127, let shell = call.shell else { return nil }
            self.init(.binaryMissing, "exit code 127", shell.programs.count == 1 ? shell.programs[0] : nil)
            return
        }
        if !result.isError || found.kind == .permission, matches < others { return nil }
        if found.kind == .binaryMissing, found.binary == nil, result.exitCode == 127, let shell = call.shell,
            shell.programs.count == 1
        {
            found.binary = shell.programs[0]
        }
        self.init(found.kind, found.line.text, found.binary, cause: found.line.shape)
    }

    private init(_ kind: FailureClass, _ line: String, _ binary: String?, cause: String = "") {
        self.kind = kind
        self.line = line
        self.binary = binary
        self.cause = Fingerprint(Array(kind.rawValue.utf8) + [0] + Array(cause.utf8))
    }

    private static func judge(
        _ line: ErrorLine,
        _ call: ToolCall,
        isError: Bool
    ) -> (FailureClass, binary: String?)? {
        if saysUnknownTool(line, call) { return (.unknownTool, nil) }
        if let shell = call.shell {
            if let binary = missingBinary(line) {
                if shell.programs.contains(binary) { return (.binaryMissing, binary) }
                // A program that a script calls: the script fails as a whole.
                if isError, line.begins(missingProgram) {
                    return (.binaryMissing, nil)
                }
            }
        } else {
            if line.begins(invalid) { return (.invalidArgument, nil) }
            if call.isEdit, line.begins(mismatch) || line.begins(searched, holding: notInFile) {
                return (.editMismatch, nil)
            }
        }
        if line.begins(directory) { return (.isDirectory, nil) }
        if line.begins(denied) { return (.permission, nil) }
        let saysMissing = line.begins(missing) || line.begins(file, holding: absent)
        if saysMissing, namesPath(line, call) { return (.notFound, nil) }
        return nil
    }

    // MARK: - Patterns: how a segment of the line begins, lowercased

    private static let missing: Phrases = [
        "no such file or directory", "enoent", "cannot access", "file not found", "filenotfounderror",
        "file does not exist", "path does not exist", "path not found", "cannot find path",
    ]
    private static let denied: Phrases = [
        "permission denied", "eacces", "eperm", "operation not permitted", "access denied", "access is denied",
        "permissionerror", "denied by policy", "blocked by policy", "not allowed by policy", "sandbox denied",
    ]
    private static let directory: Phrases = ["eisdir", "illegal operation on a directory", "is a directory"]
    private static let invalid: Phrases = [
        "missing key", "missing required", "invalid argument", "invalid parameter", "invalid input", "err_invalid_arg",
        "validation error", "validationerror", "1 validation error", "inputvalidationerror", "schema validation",
        "required parameter", "field required", "failed to parse arguments", "arguments do not match",
    ]
    private static let mismatch: Phrases = [
        "old_string", "old_str", "no match found", "string to replace not found", "not unique", "search block",
        "file has not been read", "must read", "you must read", "could not find the text", "text not found",
    ]
    private static let unknown: Phrases = [
        "unknown tool", "no such tool", "unknown function", "tool not found", "invalid tool name", "unavailable tool",
        "model tried to call unavailable tool",
    ]
    private static let transient: Phrases = [
        "timeout", "timed out", "etimedout", "econnreset", "econnrefused", "connection reset", "connection refused",
        "ebusy", "resource temporarily unavailable", "resource busy", "rate limit", "too many requests", "http 429",
        "service unavailable", "bad gateway", "gateway timeout", "could not get lock", "database is locked",
        "blocking waiting for file lock", "internal server error", "temporary failure", "try again later", "overloaded",
    ]

    private static let missingProgram: Phrases = ["command not found", "executable file not found in"]
    private static let searched: Phrases = ["text", "string", "old"]
    private static let notInFile: Phrases = ["not found in"]
    private static let file: Phrases = ["file "]
    private static let tool: Phrases = ["tool ", "the tool ", "function "]
    private static let absent: Phrases = [
        "not found", "does not exist", "is not available", "not available", "is not defined",
    ]

    /// What a command prints may speak of functions and tools of its own; then the tool's name must be there.
    private static func saysUnknownTool(_ line: ErrorLine, _ call: ToolCall) -> Bool {
        if line.begins(unknown) { return call.shell == nil || line.names(Array(call.name.utf8)) }
        return line.begins(tool, holding: absent) && line.names(Array(call.name.utf8))
    }

    /// The program that a shell says it cannot find, in the words of the common shells.
    private static func missingBinary(_ line: ErrorLine) -> String? {
        let segments = line.segments
        func program(_ index: Int) -> String? {
            segments.indices.contains(index) ? Self.program(line.segments[index]) : nil
        }
        for (index, segment) in segments.enumerated() {
            let isLast = index + 1 == segments.count
            if isLast, isExactly(segment, "command not found") || isExactly(segment, "not found") {
                return program(index - 1)  // bash, sh: the program stands before
            }
            if isExactly(segment, "command not found") { return program(index + 1) }  // zsh: behind
            if index > 0, noExecutable.begin(segment) {
                return line.segments[index - 1].split(separator: 0x20).last.flatMap(Self.program)
            }
            if unrecognised.occur(in: segment) {
                return line.segments[index].split(separator: 0x20).first.flatMap(Self.program)
            }
        }
        return nil
    }

    private static func isExactly(_ segment: ArraySlice<UInt8>, _ words: StaticString) -> Bool {
        segment.count == words.utf8CodeUnitCount
            && words.withUTF8Buffer { segment.lazy.map(\.asciiLowercased).elementsEqual($0) }
    }

    private static let noExecutable: Phrases = ["executable file not found in"]
    private static let unrecognised: Phrases = [
        "is not recognized as an internal or external command", "is not recognized as the name of a cmdlet",
    ]

    /// A program's name: `[A-Za-z0-9_.+/-]{1,40}` between quotes or none.
    private static func program(_ text: ArraySlice<UInt8>) -> String? {
        let quotes = Array("'\"`‘’".utf8)
        let signs = Array("_.+-/".utf8)
        let name = text.filter { !quotes.contains($0) }
        guard (1...40).contains(name.count), name.allSatisfy({ $0.isASCIIAlphanumeric || signs.contains($0) }) else {
            return nil
        }
        return String(decoding: name, as: UTF8.self)
    }

    private static func namesPath(_ line: ErrorLine, _ call: ToolCall) -> Bool {
        if let path = call.path, line.names(path) { return true }
        guard let shell = call.shell else { return false }
        return (shell.operands + shell.programs).contains { line.names(Array($0.utf8)) }
    }

    /// Whether time alone may mend what the result speaks of: a busy service, a lock, a lost connection.
    static func isTransient(_ result: ToolResult) -> Bool {
        result.lines.contains { line in
            missingBinary(line) == nil && line.segments.contains { transient.occur(in: $0) }
        }
    }
}

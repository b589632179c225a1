import JSONBytes

/// A tool call as the detectors see it: its canonical arguments and what they tell.
struct ToolCall: Sendable {
    let name: String
    let arguments: CanonicalJSON
    /// Of the name and all arguments.
    let fingerprint: Fingerprint
    /// The command line, when the arguments have one.
    let shell: ShellCommand?
    /// The file that the arguments name.
    let path: [UInt8]?

    init(name: String, arguments text: Span<UInt8>) {
        let arguments = CanonicalJSON(text)
        self.name = name
        self.arguments = arguments
        fingerprint = Fingerprint(name: name, arguments: arguments)
        let fields = Self.fields(arguments)
        shell = fields.command.map(ShellCommand.init)
        path = fields.path
    }

    init(_ name: String, _ arguments: [UInt8]) { self.init(name: name, arguments: arguments.span) }

    /// Calls that are variations of one another: the same tool and, in a shell, the same program.
    struct Family: Hashable, Sendable {
        var tool: String
        var program: String?
    }

    var family: Family { Family(tool: name, program: shell?.programs.first) }

    /// The fingerprint when some fields do not count.
    func fingerprint(ignoring fields: [String: Set<String>]) -> Fingerprint {
        let ignored = (fields[name] ?? []).union(fields["*"] ?? [])
        if ignored.isEmpty || arguments.isMalformed { return fingerprint }
        return Fingerprint(name: name, arguments: CanonicalJSON(arguments.bytes.span, ignoring: ignored))
    }

    /// Whether the tool's name says that it changes files. A guess that errs towards yes: it only clears records.
    var isEdit: Bool {
        names(["write", "edit", "create", "patch", "replace", "insert", "move", "rename", "mkdir", "save"])
    }

    /// Whether the tool's name says that it reads files.
    var isRead: Bool { names(["read", "view", "open", "cat"]) }

    /// Whether the tool installs something, by its name or by its command.
    var isInstall: Bool { names(["install"]) || shell.map { !$0.installers.isEmpty } ?? false }

    private func names(_ words: [String]) -> Bool {
        let lowercased = name.utf8.map(\.asciiLowercased)
        return words.contains { word in
            lowercased.indices.dropLast(word.utf8.count - 1).contains { lowercased[$0...].starts(with: word.utf8) }
        }
    }

    private static let pathNames: Set<String> = [
        "path", "file_path", "filePath", "filepath", "file", "filename", "target_file", "absolute_path",
        "notebook_path",
    ]

    private static func fields(_ arguments: CanonicalJSON) -> (command: [UInt8]?, path: [UInt8]?) {
        var command: [UInt8]?
        var path: [UInt8]?
        if arguments.isMalformed || arguments.bytes.first != UInt8(ascii: "{") { return (nil, nil) }
        let text = arguments.bytes.span
        var reader = JSONReader()
        reader.readObject(text) { key, reader in
            let name = JSONString.string(text, key)
            if name == "command" || name == "cmd" {
                command = commandText(text, &reader)
            } else if path == nil, pathNames.contains(name), let token = reader.readStringOrSkip(text) {
                path = decoded(text, token)
            } else {
                reader.skipValue(text)
            }
        }
        return (command, path)
    }

    /// A command is a string, or a list of words: then the last one, where a shell carries the line (`bash -lc LINE`),
    /// or all.
    private static func commandText(_ text: borrowing Span<UInt8>, _ reader: inout JSONReader) -> [UInt8]? {
        switch reader.peek(text) {
        case .string:
            return reader.readString(text).map { decoded(text, $0) }
        case .array:
            var words: [[UInt8]] = []
            reader.readArray(text) { _, reader in
                if let token = reader.readStringOrSkip(text) { words.append(decoded(text, token)) }
            }
            if words.count == 3, words[1].first == UInt8(ascii: "-"), words[1].last == UInt8(ascii: "c") {
                return words[2]
            }
            return Array(words.joined(separator: [UInt8(ascii: " ")]))
        default:
            reader.skipValue(text)
            return nil
        }
    }

    private static func decoded(_ text: borrowing Span<UInt8>, _ token: JSONReader.StringToken) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONString.decode(text, token, into: &bytes)
        return bytes
    }
}

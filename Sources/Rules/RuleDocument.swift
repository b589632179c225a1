import Yams

/// A rules file as YAML: its root node, or what is wrong with it as YAML.
///
/// The YAML parser gives up at the first duplicate key. So that the mistakes after it are still found, the key it
/// complains of is masked, its first character becoming one for private use, and parsing starts again. Nothing moves,
/// so places stay right. The reader sees the keys by their real names and reports the duplicates itself.
struct RuleDocument {
    private(set) var root: Node?
    private(set) var errors: [RuleError] = []
    /// The characters that stood where the masks now are.
    private var originals: [Unicode.Scalar: Unicode.Scalar] = [:]

    init(yaml: String, file: String) {
        var text = Array(yaml.unicodeScalars)
        do {
            while root == nil {
                do {
                    root = try Parser(yaml: String(String.UnicodeScalarView(text)), encoding: .utf8).singleRoot()
                    guard root != nil else { throw Fault(message: "the file is empty; the least is 'version: 1'") }
                } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                    try mask(keys.first ?? "", at: context.mark, in: &text)
                }
            }
        } catch {
            let fault = error as? Fault ?? Fault(error)
            errors = [RuleError(file: file, line: fault.line, column: fault.column, message: fault.message)]
        }
    }

    /// The key as it stands in the file.
    func name(of key: String) -> String {
        guard let first = key.unicodeScalars.first, let original = originals[first] else { return key }
        return String(original) + key.unicodeScalars.dropFirst().map(String.init).joined()
    }

    /// Masks the key at `mark`. Each mask is another character, so that masked keys do not collide in their turn.
    private mutating func mask(_ key: String, at mark: Mark, in text: inout [Unicode.Scalar]) throws {
        let fault = Fault(line: mark.line, column: mark.column, message: "'\(key)' stands in this map more than once")
        let lines = text.indices.filter { $0 == 0 || text[$0 - 1] == "\n" }
        guard
            let first = key.unicodeScalars.first,
            let mask = Unicode.Scalar(0xE000 + UInt32(originals.count)), originals.count < 256,
            lines.indices.contains(mark.line - 1)
        else { throw fault }
        // A quoted key begins at its quote.
        let start = lines[mark.line - 1] + mark.column - 1
        guard let place = text.dropFirst(start).prefix(2).firstIndex(of: first) else { throw fault }
        text[place] = mask
        originals[mask] = first
    }

    /// What keeps the text from being read as YAML.
    private struct Fault: Error {
        var line = 1
        var column = 1
        var message: String

        init(line: Int = 1, column: Int = 1, message: String) {
            self.line = line
            self.column = column
            self.message = message
        }

        init(_ error: any Error) {
            switch error {
            case YamlError.scanner(let context, let problem, let mark, _),
                YamlError.parser(let context, let problem, let mark, _),
                YamlError.composer(let context, let problem, let mark, _):
                let start = context.map { " (\($0.text), from line \($0.mark.line))" } ?? ""
                self.init(line: mark.line, column: mark.column, message: "not YAML: \(problem)\(start)")
            case YamlError.reader(let problem, let offset, _, let yaml):
                let before = yaml.prefix(offset ?? 0).split(separator: "\n", omittingEmptySubsequences: false)
                self.init(
                    line: max(before.count, 1),
                    column: (before.last?.unicodeScalars.count ?? 0) + 1,
                    message: "not YAML: \(problem)"
                )
            default:
                self.init(message: "not YAML: \(error)")
            }
        }
    }
}

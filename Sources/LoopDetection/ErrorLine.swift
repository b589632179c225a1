/// One line of a tool's answer, cut at its colons: `bash: line 1: cargo: command not found` has four segments.
///
/// Error messages are recognised by how a segment *begins*. So `ENOENT` in the middle of source code, or "permission
/// denied" inside a sentence, is no error, while every program's own prefix may stand before the message.
struct ErrorLine: Sendable {
    /// The line as it came, without blanks around it.
    let text: String
    /// Without the quotes and brackets around each and the full stop after it.
    let segments: [ArraySlice<UInt8>]

    /// Longer lines are data, not messages.
    private static let longest = 400

    /// The lines that are not blank.
    static func split(_ text: ArraySlice<UInt8>) -> [ErrorLine] {
        text.split { $0 == 0x0A || $0 == 0x0D }.compactMap { bytes in
            guard bytes.contains(where: { !$0.isBlank }) else { return nil }
            return ErrorLine(bytes)
        }
    }

    private init(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count <= Self.longest else {
            text = ""
            segments = []
            return
        }
        let line = Self.trim(bytes)
        text = String(decoding: line, as: UTF8.self)
        var parts: [ArraySlice<UInt8>] = []
        var start = line.startIndex
        for index in line.indices where line[index] == UInt8(ascii: ":") {
            let next = index + 1
            guard next == line.endIndex || line[next] == 0x20 else { continue }
            parts.append(Self.segment(line[start..<index]))
            start = next
        }
        parts.append(Self.segment(line[start...]))
        segments = parts
    }

    /// Whether a segment begins with one of the phrases.
    func begins(_ phrases: Phrases) -> Bool { segments.contains(where: phrases.begin) }

    /// Whether a segment begins with `start` and goes on to hold one of `words`.
    func begins(_ start: Phrases, holding words: Phrases) -> Bool {
        segments.contains { start.begin($0) && words.occur(in: $0) }
    }

    /// Whether the line holds a text that no letter and no digit touches.
    func names(_ word: [UInt8]) -> Bool {
        func touches(_ byte: UInt8) -> Bool { byte.isASCIIAlphanumeric || byte == UInt8(ascii: "_") }
        let line = Array(text.utf8)
        guard !word.isEmpty, word.count <= line.count else { return false }
        return (0...line.count - word.count).contains { start in
            let end = start + word.count
            return (start == 0 || !touches(line[start - 1])) && (end == line.count || !touches(line[end]))
                && word.indices.allSatisfy { line[start + $0].asciiLowercased == word[$0].asciiLowercased }
        }
    }

    /// Whether the line tells an exit code: `exit code: 127`, `Process exited with code 1`, `exit_code=2`.
    var tellsExitCode: Bool { segments.first.map(Self.exitPhrases.begin) ?? false }

    /// The first exit code that a line of the text begins with.
    static func exitCode(_ text: ArraySlice<UInt8>) -> Int? {
        for line in text.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let start = line.drop { $0.isBlank || opening.contains($0) }
            guard exitPhrases.begin(start) else { continue }
            let digits = start.prefix(80).drop { !$0.isASCIIDigit }.prefix(while: \.isASCIIDigit)
            return Int(String(decoding: digits, as: UTF8.self))
        }
        return nil
    }

    private static let opening = Array("[<({\"'`*# \t‘".utf8)
    private static let closing = Array("]>)}\"'`.,! \t’".utf8)
    private static let exitPhrases: Phrases = [
        "exit code", "exit status", "exit_code", "exitcode", "exited with", "command exited with",
        "process exited with", "command failed with exit code", "the command exited", "return code", "returncode",
        "process finished with exit code", "command failed with code", "error exit code",
    ]

    /// The text without paths, quoted names and digits, which is the same for denials of different files.
    var shape: String {
        let words = text.split(separator: " ").map { word -> String in
            let bytes = word.utf8
            let isPath = bytes.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
            let isQuoted = bytes.first == UInt8(ascii: "'") || bytes.first == UInt8(ascii: "\"") || word.hasPrefix("‘")
            if isPath || isQuoted { return "…" }
            return String(decoding: bytes.map { $0.isASCIIDigit ? UInt8(ascii: "#") : $0 }, as: UTF8.self)
        }
        return words.joined(separator: " ")
    }

    private static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let front = bytes.drop(while: \.isBlank)
        guard let last = front.lastIndex(where: { !$0.isBlank }) else { return front.prefix(0) }
        return front[...last]
    }

    private static func segment(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let front = bytes.drop { opening.contains($0) }
        guard let last = front.lastIndex(where: { !closing.contains($0) }) else { return front.prefix(0) }
        return front[...last]
    }
}

/// Phrases to look for in bytes, ASCII letters of either case being equal.
struct Phrases: Sendable, ExpressibleByArrayLiteral {
    private let phrases: [[UInt8]]
    /// By byte: whether a phrase begins with it.
    private let starts: [Bool]

    /// - Parameter phrases: In lower case, none empty.
    init(arrayLiteral phrases: StaticString...) {
        self.phrases = phrases.map { $0.withUTF8Buffer(Array.init) }
        var starts = Array(repeating: false, count: 256)
        for phrase in self.phrases { starts[Int(phrase[0])] = true }
        self.starts = starts
    }

    /// Whether the text begins with one of them.
    func begin(_ text: ArraySlice<UInt8>) -> Bool { !text.isEmpty && stand(in: text, at: text.startIndex) }

    /// Whether one of them occurs in the text.
    func occur(in text: ArraySlice<UInt8>) -> Bool { text.indices.contains { stand(in: text, at: $0) } }

    private func stand(in text: ArraySlice<UInt8>, at start: Int) -> Bool {
        guard starts[Int(text[start].asciiLowercased)] else { return false }
        return phrases.contains { phrase in
            guard text.endIndex - start >= phrase.count else { return false }
            for offset in phrase.indices where text[start + offset].asciiLowercased != phrase[offset] { return false }
            return true
        }
    }
}

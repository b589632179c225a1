import GenerationWire
import JSONBytes

/// A tool's answer as the detectors see it.
struct ToolResult: Sendable {
    /// Of the text without its volatile parts; `nil` when a client has put a placeholder in place of the text, so that
    /// equality would say nothing.
    let fingerprint: Fingerprint?
    /// The bytes of the text.
    let length: Int
    /// The message that held it.
    let message: Int
    /// Whether the answer says by itself that the call failed: an error flag, an exit code other than 0, or a first
    /// line that begins as errors do.
    let isError: Bool
    /// The exit code it names.
    let exitCode: Int?
    /// Whether it is one of our own refusals, which is no evidence of anything.
    let isRefusal: Bool
    /// The lines that may be judged as an error message: of an error all, of a short text all, else none.
    let lines: [ErrorLine]

    /// A text of at most this many bytes may be judged even when nothing marks it as an error.
    static let shortText = 2_048
    /// Error messages are looked for in so many bytes at the beginning and as many at the end.
    private static let judged = 8_192

    init(_ past: Conversation.PastResult) {
        let text = past.text
        length = text.count
        message = past.message
        let start = text.prefix(512).drop { $0.isBlank || Self.brackets.contains($0) }
        isRefusal = Self.ownName.begin(start)
        fingerprint = Self.isPlaceholder(text, start) ? nil : Fingerprint(VolatileText.strip(text))

        let message = Self.message(text)
        let head = message.text.prefix(Self.judged)
        let tail = message.text[head.endIndex...].suffix(Self.judged)
        exitCode = message.exitCode ?? ErrorLine.exitCode(head) ?? ErrorLine.exitCode(tail)
        let failed = past.isError == true || (exitCode ?? 0) != 0
        let begins = past.isError != false && Self.beginnings.begin(start)
        isError = failed || begins
        let mayBeJudged = isError || (past.isError == nil && exitCode == nil && text.count <= Self.shortText)
        lines = mayBeJudged ? ErrorLine.split(head) + ErrorLine.split(tail) : []
    }

    private static let ownName: Phrases = ["loopguard"]
    private static let brackets = Array("[<({\"'`*#".utf8)
    private static let beginnings: Phrases = [
        "error", "tool error", "tool_error", "fatal:", "fatal error", "exception", "traceback", "err!", "failed to ",
        "failure", "tool_use_error", "e: ",
    ]

    private static let placeholders: Phrases = [
        "cleared", "compacted", "omitted", "elided", "pruned", "truncated", "removed to save", "summarized",
    ]

    /// What clients leave behind where they cut a result out to save context.
    private static func isPlaceholder(_ text: [UInt8], _ start: ArraySlice<UInt8>) -> Bool {
        guard text.count <= 256, let first = text.first(where: { !$0.isBlank }),
            first == UInt8(ascii: "[")
                || first == UInt8(ascii: "<")
        else { return false }
        return placeholders.occur(in: start)
    }

    /// The text of a result that may be wrapped in a JSON object, as in `{"output":"…","metadata":{"exit_code":1}}`.
    private static func message(_ text: [UInt8]) -> (text: [UInt8], exitCode: Int?) {
        guard text.first(where: { !$0.isBlank }) == UInt8(ascii: "{") else { return (text, nil) }
        var unwrapped: [UInt8] = []
        var exitCode: Int?
        let bytes = text.span
        var reader = JSONReader()
        readFields(bytes, &reader, depth: 0, &unwrapped, &exitCode)
        return reader.atEnd(bytes) ? (unwrapped, exitCode) : (text, nil)
    }

    private static func readFields(
        _ bytes: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        depth: Int,
        _ text: inout [UInt8],
        _ exitCode: inout Int?
    ) {
        reader.readObject(bytes) { key, reader in
            switch reader.peek(bytes) {
            case .string:
                guard let token = reader.readString(bytes) else { return }
                JSONString.decode(bytes, token, into: &text)
                text.append(0x0A)
            case .number:
                let isCode =
                    bytes.equals(key, "exit_code") || bytes.equals(key, "exitCode") || bytes.equals(key, "returncode")
                if isCode { exitCode = reader.readIntegerOrSkip(bytes) } else { reader.skipValue(bytes) }
            case .object where depth == 0:
                readFields(bytes, &reader, depth: 1, &text, &exitCode)
            default:
                reader.skipValue(bytes)
            }
        }
    }
}

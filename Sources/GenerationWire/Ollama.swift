import JSONBytes
public import ServerSentEvents

/// Ollama's own `/api/chat` and `/api/generate`: one JSON object on each line, the last with `done: true`.
///
/// A tool call comes whole in one line, its arguments as an object, so nothing is ever cut and nothing is held back: the
/// line passes or the run ends. Text of `/api/generate` goes into documents and editors as well as conversations, so only
/// an ending of `/api/chat` adds a note.
public struct Ollama: StreamFormat {
    /// Which of the two it is.
    public enum Endpoint: Sendable {
        /// `/api/chat`.
        case chat
        /// `/api/generate`.
        case generate
    }

    private let endpoint: Endpoint
    /// The raw JSON value of `model`.
    private var model: [UInt8] = []
    /// The times of the first line and of the latest, without quotes.
    private var firstTime: [UInt8] = []
    private var latestTime: [UInt8]
    private var lastIsDone = false
    private var isDone = false
    public private(set) var usage: Usage?

    /// Creates the format for one response; the values are used when the engine has sent no line yet.
    public init(_ endpoint: Endpoint, created: Int, model: String) {
        self.endpoint = endpoint
        JSONString.encode(model, into: &self.model)
        latestTime = Array(Timestamp.text(unixSeconds: created).utf8)
    }

    public var framing: Framing { .lines }
    public var tracksPassing: Bool { true }

    // MARK: - Reading

    public mutating func read(_ payload: borrowing Span<UInt8>, into events: inout [WireEvent]) -> PayloadKind {
        let before = events.count
        var kind = PayloadKind.unreadable
        var line = Line()
        var reader = JSONReader()
        guard reader.peek(payload) == .object else { return .unreadable }
        reader.readObject(payload) { key, reader in
            if payload.equals(key, "message") {
                reader.readObjectOrSkip(payload) { key, reader in
                    Self.readSaid(payload, key, &reader, content: "content", into: &events)
                }
            } else if payload.equals(key, "done") {
                kind = kind == .error ? .error : .chunk
                line.isDone = reader.readBoolOrSkip(payload) ?? false
            } else if payload.equals(key, "done_reason") {
                line.reason = reader.readStringOrSkip(payload) ?? .none
            } else if payload.equals(key, "error") {
                if reader.peek(payload) != .null { kind = .error }
                reader.skipValue(payload)
            } else if payload.equals(key, "created_at") {
                line.time = reader.readStringOrSkip(payload)?.range
            } else if payload.equals(key, "model") {
                line.model = reader.skipValue(payload)
            } else if payload.equals(key, "eval_count") {
                line.completion = reader.readIntegerOrSkip(payload)
            } else if payload.equals(key, "prompt_eval_count") {
                line.prompt = reader.readIntegerOrSkip(payload)
            } else {
                Self.readSaid(payload, key, &reader, content: "response", into: &events)
            }
        }
        guard !reader.failed, reader.atEnd(payload), kind != .unreadable else {
            events.removeSubrange(before...)
            return .unreadable
        }
        if kind == .chunk { take(payload, line, into: &events) }
        return kind
    }

    /// What a line tells beside its text.
    private struct Line {
        var isDone = false
        var reason = JSONReader.StringToken.none
        var time: Range<Int>?
        var model: Range<Int>?
        var prompt: Int?
        var completion: Int?
    }

    private mutating func take(
        _ payload: borrowing Span<UInt8>,
        _ line: Line,
        into events: inout [WireEvent]
    ) {
        if let time = line.time {
            latestTime.removeAll(keepingCapacity: true)
            payload.append(time, to: &latestTime)
            if firstTime.isEmpty {
                firstTime = latestTime
                if let range = line.model { model = payload.copy(range) }
            }
        }
        if let completion = line.completion {
            usage = Usage(promptTokens: line.prompt ?? 0, completionTokens: completion, isEstimated: false)
        }
        lastIsDone = line.isDone
        if line.isDone { events.append(WireEvent(.finish, choice: 0, text: line.reason)) }
    }

    private static func readSaid(
        _ payload: borrowing Span<UInt8>,
        _ key: JSONReader.StringToken,
        _ reader: inout JSONReader,
        content: StaticString,
        into events: inout [WireEvent]
    ) {
        if payload.equals(key, content) {
            if let text = reader.readStringOrSkip(payload), !text.range.isEmpty {
                events.append(WireEvent(.content, choice: 0, text: text))
            }
        } else if payload.equals(key, "thinking") {
            if let text = reader.readStringOrSkip(payload), !text.range.isEmpty {
                events.append(WireEvent(.reasoning, choice: 0, text: text))
            }
        } else if payload.equals(key, "tool_calls") {
            reader.readArrayOrSkip(payload) { _, reader in readCall(payload, &reader, into: &events) }
        } else {
            reader.skipValue(payload)
        }
    }

    private static func readCall(
        _ payload: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        into events: inout [WireEvent]
    ) {
        var call = WireEvent(.toolCall, choice: 0)
        call.isNewCall = true
        reader.readObjectOrSkip(payload) { key, reader in
            if payload.equals(key, "id") {
                call.id = reader.readStringOrSkip(payload)
            } else if payload.equals(key, "function") {
                reader.readObjectOrSkip(payload) { key, reader in
                    if payload.equals(key, "name") {
                        call.name = reader.readStringOrSkip(payload)
                    } else if payload.equals(key, "arguments"), reader.peek(payload) == .object {
                        call.text = .init(range: reader.skipValue(payload), isEscaped: false)
                    } else {
                        reader.skipValue(payload)
                    }
                }
            } else {
                reader.skipValue(payload)
            }
        }
        events.append(call)
        var end = WireEvent(.callEnd, choice: 0)
        end.id = call.id
        events.append(end)
    }

    // MARK: - Passing on and ending

    /// Whether the last line has been passed on is all that must be known.
    public mutating func pass(_ payload: borrowing Span<UInt8>, justRead: Bool) -> [UInt8]? {
        isDone = isDone || justRead && lastIsDone
        return nil
    }

    public mutating func ending(of choice: ChoiceProgress, because cause: EndingCause) -> [UInt8] {
        guard endpoint == .chat, !choice.hasVisibleText, let note = cause.note else { return [] }
        return line(saying: choice.isInsideThink ? "</think>\n\n" + note : note)
    }

    /// The last line. Its durations are what the engine's own times show; a stream of less than two lines shows none.
    public mutating func closing(usage: Usage?, because cause: EndingCause?) -> [UInt8] {
        guard !isDone else { return [] }
        isDone = true
        var output = head
        output.append(empty)
        output.append(#","done":true,"done_reason":"length""#)
        if let cause {
            output.append(",")
            cause.writeStopReason(into: &output)
        }
        if let first = Timestamp.nanoseconds(firstTime), let latest = Timestamp.nanoseconds(latestTime), latest > first
        {
            output.append(",\"total_duration\":\(latest - first),\"eval_duration\":\(latest - first)")
        }
        if let usage {
            output.append(",\"prompt_eval_count\":\(usage.promptTokens),\"eval_count\":\(usage.completionTokens)")
            if usage.isEstimated { output.append(",\"usage_estimated\":true") }
        }
        cause?.writeGuard(into: &output)
        output.append("}\n")
        return output
    }

    public func failure(_ message: String) -> [UInt8] {
        var output = Array("{\"error\":".utf8)
        JSONString.encode(message, into: &output)
        output.append("}\n")
        return output
    }

    /// A line without text.
    public func keepAlive() -> [UInt8]? { head + Array((empty + ",\"done\":false}\n").utf8) }

    private var empty: String {
        endpoint == .chat ? #","message":{"role":"assistant","content":""}"# : #","response":"""#
    }

    private func line(saying text: String) -> [UInt8] {
        var output = head
        output.append(endpoint == .chat ? #","message":{"role":"assistant","content":"# : #","response":"#)
        JSONString.encode(text, into: &output)
        output.append(endpoint == .chat ? #"},"done":false}"# : #","done":false}"#)
        output.append("\n")
        return output
    }

    /// `{"model":…,"created_at":"…"`. The core has no clock: the time is the latest that the engine told.
    private var head: [UInt8] {
        var output = Array("{\"model\":".utf8)
        output.append(contentsOf: model)
        output.append(",\"created_at\":\"")
        output.append(contentsOf: latestTime)
        output.append("\"")
        return output
    }
}

import JSONBytes

/// The facts of a generation request that the guard needs, read once from path and body.
public struct GenerationRequest: Sendable, Equatable {
    /// The wire format of request and response.
    public var format: WireFormat
    /// The model asked for; empty when the request names none.
    public var model = ""
    /// Whether the client asked for a stream.
    public var stream = false
    /// Whether the client asked for a usage chunk.
    public var includeUsage = false
    /// Whether the client asked for JSON output.
    public var jsonOutput = false
    /// The number of choices asked for.
    public var choices = 1
    /// The size of the body in bytes, from which prompt tokens are estimated when the engine cannot tell any more.
    public var bodyBytes = 0
    /// The turns before this request.
    public var conversation = Conversation()

    /// The most choices that are believed; more is the engine's to refuse.
    private static let maxChoices = 128

    /// Creates the facts by hand.
    public init(format: WireFormat) { self.format = format }

    /// Reads the facts from a request; `nil` when the path names no format that is guarded.
    ///
    /// A body that is no JSON object gives the format's defaults: the engine will say what is wrong with it.
    /// - Parameters:
    ///   - path: The request's path; a query is ignored.
    ///   - body: The whole body.
    public init?(path: some StringProtocol, body: borrowing Span<UInt8>) {
        guard let format = WireFormat(path: path) else { return nil }
        self.init(format: format)
        bodyBytes = body.count
        var facts = self
        var messages: Range<Int>?
        var tools: Set<String> = []
        var reader = JSONReader()
        guard reader.peek(body) == .object else { return }
        reader.readObject(body) { key, reader in
            if body.equals(key, "model") {
                if let token = reader.readStringOrSkip(body) { facts.model = JSONString.string(body, token) }
            } else if body.equals(key, "stream") {
                facts.stream = reader.readBoolOrSkip(body) ?? false
            } else if body.equals(key, "n") {
                facts.choices = min(max(reader.readIntegerOrSkip(body) ?? 1, 1), Self.maxChoices)
            } else if body.equals(key, "stream_options") {
                facts.includeUsage = Self.readIncludeUsage(body, &reader)
            } else if body.equals(key, "response_format") {
                let asksForJSON = Self.readAsksForJSON(body, &reader)
                facts.jsonOutput = facts.jsonOutput || asksForJSON
            } else if body.equals(key, "json_schema") || body.equals(key, "guided_json") {
                facts.jsonOutput = facts.jsonOutput || reader.peek(body) != .null
                reader.skipValue(body)
            } else if body.equals(key, "messages") {
                messages = reader.skipValue(body)
            } else if body.equals(key, "tools") || body.equals(key, "functions") {
                Self.readToolNames(body, &reader, into: &tools)
            } else {
                reader.skipValue(body)
            }
        }
        guard !reader.failed else { return }
        self = facts
        if format == .chatCompletions, let messages {
            conversation = Conversation(chatMessages: body, in: messages)
            conversation.offeredTools = tools
        }
    }

    private static func readIncludeUsage(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) -> Bool {
        var include = false
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "include_usage") {
                include = reader.readBoolOrSkip(body) ?? false
            } else {
                reader.skipValue(body)
            }
        }
        return include
    }

    private static func readAsksForJSON(_ body: borrowing Span<UInt8>, _ reader: inout JSONReader) -> Bool {
        var isJSON = false
        reader.readObjectOrSkip(body) { key, reader in
            if body.equals(key, "type"), let type = reader.readStringOrSkip(body) {
                isJSON = body.equals(type, "json_object") || body.equals(type, "json_schema")
            } else if !body.equals(key, "type") {
                reader.skipValue(body)
            }
        }
        return isJSON
    }

    private static func readToolNames(
        _ body: borrowing Span<UInt8>,
        _ reader: inout JSONReader,
        into names: inout Set<String>
    ) {
        reader.readArrayOrSkip(body) { _, reader in
            reader.readObjectOrSkip(body) { key, reader in
                if body.equals(key, "function") || body.equals(key, "custom") {
                    reader.readObjectOrSkip(body) { key, reader in
                        Self.readName(body, key, &reader, into: &names)
                    }
                } else {
                    Self.readName(body, key, &reader, into: &names)
                }
            }
        }
    }

    private static func readName(
        _ body: borrowing Span<UInt8>,
        _ key: JSONReader.StringToken,
        _ reader: inout JSONReader,
        into names: inout Set<String>
    ) {
        if body.equals(key, "name") {
            if let token = reader.readStringOrSkip(body) { names.insert(JSONString.string(body, token)) }
        } else {
            reader.skipValue(body)
        }
    }
}

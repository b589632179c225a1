import JSONBytes

/// What Codex tells of a turn, in a header that is JSON and again in the body's `client_metadata`.
struct CodexTurn {
    var session: String?
    var thread: String?
    var turn: String?
    var parentThread: String?
    var parentTurn: String?
    var rootTurn: String?
    var isSubagent = false

    /// Whether nothing was found that places a request.
    var isEmpty: Bool { session == nil && thread == nil && turn == nil && parentThread == nil }

    /// Reads the text of the header; false when it is no JSON object. What is known already stays.
    mutating func read(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var reader = JSONReader()
        guard reader.peek(bytes.span) == .object else { return false }
        _ = readMembers(bytes.span, &reader)
        return reader.atEnd(bytes.span)
    }

    /// Reads `client_metadata`: the members as they are, and the header's text among them.
    mutating func read(_ body: borrowing Span<UInt8>, _ range: Range<Int>) {
        var reader = JSONReader(at: range.lowerBound)
        guard let header = readMembers(body, &reader) else { return }
        _ = read(JSONString.string(body, header))
    }

    /// Reads the members of an object.
    /// - Returns: The header's text, when it stands among them.
    private mutating func readMembers(
        _ json: borrowing Span<UInt8>,
        _ reader: inout JSONReader
    ) -> JSONReader.StringToken? {
        var found = CodexTurn()
        var header: JSONReader.StringToken?
        reader.readObjectOrSkip(json) { key, reader in
            guard let token = reader.readStringOrSkip(json) else { return }
            if json.equals(key, "session_id") {
                found.session = Self.id(json, token)
            } else if json.equals(key, "thread_id") {
                found.thread = Self.id(json, token)
            } else if json.equals(key, "turn_id") {
                found.turn = Self.id(json, token)
            } else if json.equals(key, "parent_thread_id") || json.equals(key, "x-codex-parent-thread-id") {
                found.parentThread = Self.id(json, token)
            } else if json.equals(key, "parent_turn_id") {
                found.parentTurn = Self.id(json, token)
            } else if json.equals(key, "root_turn_id") {
                found.rootTurn = Self.id(json, token)
            } else if json.equals(key, "thread_source") {
                found.isSubagent = found.isSubagent || json.equals(token, "subagent")
            } else if json.equals(key, "x-openai-subagent") {
                found.isSubagent = true
            } else if json.equals(key, "x-codex-turn-metadata") {
                header = token
            }
        }
        if !reader.failed { merge(found) }
        return reader.failed ? nil : header
    }

    mutating func merge(_ other: CodexTurn) {
        session = session ?? other.session
        thread = thread ?? other.thread
        turn = turn ?? other.turn
        parentThread = parentThread ?? other.parentThread
        parentTurn = parentTurn ?? other.parentTurn
        rootTurn = rootTurn ?? other.rootTurn
        isSubagent = isSubagent || other.isSubagent
    }

    private static func id(_ json: borrowing Span<UInt8>, _ token: JSONReader.StringToken) -> String? {
        var unheard: [String] = []
        return IdentityText.id(JSONString.string(json, token), in: "", &unheard)
    }
}

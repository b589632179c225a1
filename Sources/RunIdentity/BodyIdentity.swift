import GenerationWire
import JSONBytes

/// What a request's body tells of whom it belongs to, read from the few members where such things stand.
struct BodyIdentity {
    var runID: String?
    var parentRunID: String?
    var rootRunID: String?
    var session: String?
    var promptCacheKey: String?
    var user: String?
    /// What Claude Code writes into `metadata.user_id`.
    var claudeSession: String?
    var claudeParentSession: String?
    /// What Codex repeats in `client_metadata`.
    var codex = CodexTurn()

    init(_ body: borrowing Span<UInt8>, _ request: GenerationRequest?, _ diagnostics: inout [String]) {
        guard let members = request?.belonging else { return }
        if let range = members.metadata { readMetadata(body, range, &diagnostics) }
        if let range = members.clientMetadata { codex.read(body, range) }
        promptCacheKey = Self.text(body, members.promptCacheKey, "prompt_cache_key", &diagnostics)
        user = Self.text(body, members.user, "user", &diagnostics)
        // Gateways in between translate Anthropic's `metadata.user_id` into OpenAI's `user`.
        if let user, claudeSession == nil { readClaudeUser(user) }
    }

    private mutating func readMetadata(
        _ body: borrowing Span<UInt8>,
        _ range: Range<Int>,
        _ diagnostics: inout [String]
    ) {
        var found = self
        var reader = JSONReader(at: range.lowerBound)
        reader.readObjectOrSkip(body) { key, reader in
            guard let token = reader.readStringOrSkip(body) else { return }
            if body.equals(key, "run_id") {
                found.runID = IdentityText.runID(JSONString.string(body, token), in: "metadata.run_id", &diagnostics)
            } else if body.equals(key, "parent_run_id") {
                let text = JSONString.string(body, token)
                found.parentRunID = IdentityText.runID(text, in: "metadata.parent_run_id", &diagnostics)
            } else if body.equals(key, "root_run_id") {
                let text = JSONString.string(body, token)
                found.rootRunID = IdentityText.runID(text, in: "metadata.root_run_id", &diagnostics)
            } else if body.equals(key, "session_id") {
                found.session = IdentityText.id(JSONString.string(body, token), in: "metadata.session_id", &diagnostics)
            } else if body.equals(key, "user_id") {
                found.readClaudeUser(JSONString.string(body, token))
            }
        }
        self = found
    }

    /// Claude Code names its session in what Anthropic calls the user: as JSON, or in older versions as
    /// `user_…_account_…_session_<id>`. Any other user is nobody's session.
    private mutating func readClaudeUser(_ text: String) {
        var unheard: [String] = []
        guard text.utf8.first == UInt8(ascii: "{") else {
            guard text.hasPrefix("user_"), let session = text.part(after: "_session_") else { return }
            claudeSession = IdentityText.id(String(session), in: "", &unheard)
            return
        }
        var found = (session: String?.none, parent: String?.none)
        let json = Array(text.utf8)
        var reader = JSONReader()
        reader.readObject(json.span) { key, reader in
            guard let token = reader.readStringOrSkip(json.span) else { return }
            if json.span.equals(key, "session_id") {
                found.session = IdentityText.id(JSONString.string(json.span, token), in: "", &unheard)
            } else if json.span.equals(key, "parent_session_id") {
                found.parent = IdentityText.id(JSONString.string(json.span, token), in: "", &unheard)
            }
        }
        if !reader.failed { (claudeSession, claudeParentSession) = found }
    }

    private static func text(
        _ body: borrowing Span<UInt8>,
        _ range: Range<Int>?,
        _ name: String,
        _ diagnostics: inout [String]
    ) -> String? {
        guard let range else { return nil }
        var reader = JSONReader(at: range.lowerBound)
        guard let token = reader.readStringOrSkip(body) else { return nil }
        return IdentityText.id(JSONString.string(body, token), in: name, &diagnostics)
    }
}

extension String {
    /// What stands behind the last of these marks.
    fileprivate func part(after mark: StaticString) -> Substring? {
        let length = mark.utf8CodeUnitCount
        let start = utf8.indices.dropLast(length).last { index in
            utf8[index] == mark.utf8Start[0]
                && utf8[index...].prefix(length).elementsEqual(
                    UnsafeBufferPointer(start: mark.utf8Start, count: length)
                )
        }
        return start.map { Substring(utf8[$0...].dropFirst(length)) }
    }
}

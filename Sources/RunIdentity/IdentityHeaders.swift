/// The headers that tell to whom a request belongs.
enum IdentityHeader: String, CaseIterable {
    case authorization
    case apiKey = "x-api-key"
    case azureKey = "api-key"
    case userAgent = "user-agent"
    case originator

    case runID = "x-run-id"
    case parentRunID = "x-parent-run-id"
    case rootRunID = "x-root-run-id"
    case sessionID = "x-session-id"
    case cleanup = "x-loopguard-cleanup"

    case codexSession = "session-id"
    case codexOldSession = "session_id"
    case codexConversation = "conversation_id"
    case codexThread = "thread-id"
    case codexOldThread = "thread_id"
    case codexTurn = "x-codex-turn-metadata"
    case codexParentThread = "x-codex-parent-thread-id"
    case codexWindow = "x-codex-window-id"
    case codexSubagent = "x-openai-subagent"

    case claudeSession = "x-claude-code-session-id"
    case claudeAgent = "x-claude-code-agent-id"
    case claudeParentAgent = "x-claude-code-parent-agent-id"

    case opencodeSession = "x-opencode-session"
    case opencodeRequest = "x-opencode-request"
    case sessionAffinity = "x-session-affinity"
    case parentSession = "x-parent-session-id"

    case traceparent

    /// The header of that name, in whatever case it is written.
    init?(_ name: String) {
        let found = name.utf8.withContiguousStorageIfAvailable { Self.find($0) }
        guard let header = found ?? Array(name.utf8).withUnsafeBufferPointer({ Self.find($0) }) else { return nil }
        self = header
    }

    private static func find(_ name: UnsafeBufferPointer<UInt8>) -> IdentityHeader? {
        guard let last = name.last, name.count < endings.count, endings[name.count] & mark(last) != 0 else {
            return nil
        }
        return byLength[name.count].first { entry in
            entry.name.indices.allSatisfy { fold(name[$0]) == entry.name[$0] }
        }?.header
    }

    /// The last letters of the names of each length, a bit for each. Most headers of a request are told from all of
    /// these by that alone.
    private static let endings: [UInt32] = byLength.map { entries in
        entries.reduce(0) { $0 | mark($1.name[$1.name.count - 1]) }
    }

    /// The bit of a letter, the same in either case.
    private static func mark(_ letter: UInt8) -> UInt32 { 1 << UInt32(letter & 31) }

    /// Of a header's name only letters and hyphens matter here, and this keeps the hyphens as they are.
    private static func fold(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    /// The names by how long they are.
    private static let byLength: [[(name: [UInt8], header: IdentityHeader)]] = {
        let all = allCases.map { (name: Array($0.rawValue.utf8), header: $0) }
        return (0...(all.map(\.name.count).max() ?? 0)).map { length in all.filter { $0.name.count == length } }
    }()
}

/// What those headers say in one request.
@usableFromInline
struct IdentityHeaders {
    /// A request has a handful of them at most, too few to be worth a table.
    private var values: [(header: IdentityHeader, value: String)] = []

    subscript(header: IdentityHeader) -> String? { values.first { $0.header == header }?.value }

    @usableFromInline
    init() {}

    @usableFromInline
    mutating func take(_ name: String, _ value: String) {
        guard let header = IdentityHeader(name), self[header] == nil else { return }
        values.append((header, value))
    }

    /// An id out of a header; `nil`, and told why, when it is none.
    func text(_ header: IdentityHeader, _ diagnostics: inout [String]) -> String? {
        self[header].flatMap { IdentityText.id($0, in: header.rawValue, &diagnostics) }
    }

    /// What any client calls its session.
    func clientSession(_ diagnostics: inout [String]) -> String? {
        for header in [IdentityHeader.claudeSession, .opencodeSession, .codexSession] where self[header] != nil {
            return text(header, &diagnostics)
        }
        return nil
    }

    @usableFromInline
    var principal: String {
        if let authorization = self[.authorization]?.utf8 {
            let words = authorization.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: true)
            let isBearer = words.count == 2 && words[0].elementsEqual("bearer".utf8) { $0 | 0x20 == $1 }
            return isBearer ? SHA256.hexadecimal(words[1]) : SHA256.hexadecimal(authorization)
        }
        let key = self[.apiKey] ?? self[.azureKey] ?? ""
        return key.isEmpty ? "" : SHA256.hexadecimal(key.utf8)
    }

    var isCleanup: Bool { self[.cleanup].map { $0 == "1" || $0.lowercased() == "true" } ?? false }

    var isOpencode: Bool {
        self[.opencodeSession] != nil || self[.userAgent]?.hasPrefix("opencode/") == true
    }
}

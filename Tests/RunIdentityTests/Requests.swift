import GenerationWire
import RunIdentity

/// What a request with these headers and this body says of itself.
func identity(
    _ headers: [(name: String, value: String)] = [],
    body: String? = nil,
    as format: WireFormat = .chatCompletions,
    mappings: [TreeMapping] = []
) -> RunIdentity {
    let bytes = Array((body ?? "").utf8)
    let request = body.map { _ in GenerationRequest(format: format, body: bytes.span) }
    return RunIdentity(headers: headers, request: request, body: bytes.span, mappings: mappings)
}

/// A request of Codex, in one turn of one thread.
func codex(
    session: String = "s",
    thread: String,
    turn: String?,
    parent: (thread: String, turn: String?)? = nil,
    root: String? = nil
) -> RunIdentity {
    var members = [("session_id", session), ("thread_id", thread)]
    if let turn { members.append(("turn_id", turn)) }
    if let parent {
        members.append(("parent_thread_id", parent.thread))
        if let turn = parent.turn { members.append(("parent_turn_id", turn)) }
    }
    if let root { members.append(("root_turn_id", root)) }
    let json = members.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
    return identity([("x-codex-turn-metadata", "{\(json)}")])
}

/// A request of Claude Code: of the main agent, or of a subagent.
func claudeCode(
    session: String = "s",
    agent: String? = nil,
    parent: String? = nil,
    afterTool: Bool = true,
    cleanup: Bool = false
) -> RunIdentity {
    var headers = [(name: "X-Claude-Code-Session-Id", value: session)]
    if let agent { headers.append((name: "x-claude-code-agent-id", value: agent)) }
    if let parent { headers.append((name: "x-claude-code-parent-agent-id", value: parent)) }
    if cleanup { headers.append((name: "x-loopguard-cleanup", value: "1")) }
    return identity(headers, body: afterTool ? Bodies.toolResult : Bodies.userText, as: .messages)
}

/// A request that names its run, and perhaps the ones above.
func run(_ id: String?, parent: String? = nil, root: String? = nil, key: String? = nil) -> RunIdentity {
    var headers: [(name: String, value: String)] = []
    if let id { headers.append(("X-Run-Id", id)) }
    if let parent { headers.append(("X-Parent-Run-Id", parent)) }
    if let root { headers.append(("X-Root-Run-Id", root)) }
    if let key { headers.append(("Authorization", "Bearer \(key)")) }
    return identity(headers)
}

enum Bodies {
    static let userText = #"{"messages":[{"role":"user","content":"go on"}]}"#
    static let toolResult = #"""
        {"messages":[{"role":"user","content":"go"},
        {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"ls","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"a"},{"type":"text","text":"<reminder>"}]}]}
        """#
}

/// Milliseconds, in the unit of the trees' time.
func ms(_ count: UInt64) -> UInt64 { 1_000_000_000_000 + count * 1_000_000 }

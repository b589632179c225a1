import RunIdentity

extension ClientProfile {
    /// The profiles that are compiled in. What each client does with a cut is told in `docs/clients.md`.
    ///
    /// Three settings are met in them. `tool_calls: hold` stands where the client executes a call that was cut, so that
    /// a file which lets calls stream for the sake of a preview does not touch it. `responses_ending: completed` stands
    /// where the client takes `response.incomplete` for a failure. `keep_alive` stands where it is known that the
    /// client gives up a silent stream, and what it counts as a sign of life.
    static let shipped: [ClientProfile] = [
        ClientProfile(
            "openai-python",
            source: "https://github.com/openai/openai-python/blob/main/src/openai/_base_client.py",
            userAgents: ["OpenAI/Python*", "AsyncOpenAI/Python*"],
            [responsesEnding("completed"), hold]
        ),
        ClientProfile(
            "openai-agents",
            source: "https://github.com/openai/openai-agents-python/blob/main/src/agents/models/openai_responses.py",
            userAgents: ["Agents/Python*"],
            [responsesEnding("completed"), hold]
        ),
        ClientProfile(
            "pydantic-ai",
            source: "https://github.com/pydantic/pydantic-ai/blob/main/pydantic_ai_slim/pydantic_ai/models/__init__.py",
            userAgents: ["pydantic-ai/*"],
            [hold]
        ),
        ClientProfile(
            "langchain",
            source: """
                https://github.com/langchain-ai/langchain/blob/master/libs/partners/anthropic/langchain_anthropic/chat_models.py
                """,
            userAgents: ["langchain*"],
            [responsesEnding("completed"), hold]
        ),
        ClientProfile(
            "codex",
            source: "https://github.com/openai/codex/blob/main/codex-rs/core/src/default_client.rs",
            userAgents: ["codex*"],
            headers: ["originator": ["codex*"]],
            [responsesEnding("completed"), hold, keepAlive("event")]
        ),
        ClientProfile(
            "claude-code",
            source: "https://github.com/anthropics/claude-code/issues/80191",
            userAgents: ["claude-cli/*", "claude-code/*"],
            headers: ["x-claude-code-session-id": ["*"]],
            [hold, keepAlive("event")]
        ),
        ClientProfile(
            "opencode",
            source: "https://github.com/anomalyco/opencode/blob/dev/packages/opencode/src/session/llm.ts",
            userAgents: ["opencode/*"],
            headers: ["x-opencode-session": ["*"]],
            [hold, keepAlive("comment")]
        ),
        ClientProfile(
            "cline",
            source: "https://github.com/cline/cline/blob/main/src/services/EnvUtils.ts",
            userAgents: ["Cline/*"],
            headers: ["x-title": ["Cline"], "http-referer": ["https://cline.bot*"]],
            [hold, keepAlive("comment")]
        ),
        ClientProfile(
            "roo",
            source: "https://github.com/RooCodeInc/Roo-Code/blob/main/src/api/providers/constants.ts",
            userAgents: ["RooCode/*"],
            headers: ["x-title": ["Roo Code"]],
            [hold, keepAlive("comment")]
        ),
        ClientProfile(
            "continue",
            source: "https://github.com/continuedev/continue/blob/main/packages/openai-adapters/src/apis/OpenRouter.ts",
            userAgents: ["Continue/*"],
            headers: ["x-title": ["Continue"], "http-referer": ["https://www.continue.dev*"]],
            [hold, keepAlive("comment")]
        ),
        ClientProfile(
            "aider",
            source: "https://github.com/Aider-AI/aider/blob/main/aider/llm.py",
            userAgents: ["aider*"],
            headers: ["x-title": ["Aider"], "http-referer": ["https://aider.chat*"]],
            [keepAlive("comment")]
        ),
        ClientProfile(
            "pi",
            source: "https://github.com/badlogic/pi-mono/blob/main/packages/ai/src/api/openai-completions.ts",
            userAgents: ["pi/*", "pi (*", "pi-coding-agent*"],
            headers: ["originator": ["pi"], "http-referer": ["https://pi.dev*"]],
            [responsesEnding("completed"), hold]
        ),
        ClientProfile(
            "hermes",
            source: "https://github.com/NousResearch/hermes-agent/blob/main/agent/auxiliary_client.py",
            userAgents: ["HermesAgent/*", "hermes-cli/*"],
            headers: ["x-title": ["Hermes Agent"]],
            [responsesEnding("completed"), hold]
        ),
    ]

    private static let hold = ("tool_calls", "hold")

    private static func responsesEnding(_ word: String) -> (String, String) { ("responses_ending", word) }

    private static func keepAlive(_ word: String) -> (String, String) { ("keep_alive", word) }

    private init(
        _ name: String,
        source: String,
        userAgents: [String],
        headers: [String: [String]] = [:],
        _ settings: [(path: String, word: String)]
    ) {
        self.init(name: name, source: source)
        self.userAgents = userAgents.map { Glob($0) }
        self.headers = Self.marks(headers.mapValues { $0.map { Glob($0) } })
        changes = Dictionary(uniqueKeysWithValues: settings.map { ($0.path, .word($0.word)) })
    }
}

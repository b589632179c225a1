import GenerationWire
import Guard
import LoopDetection
import Rules
import Testing

/// The profiles of clients: how a client is told, and what is set for it.
@Suite struct ClientProfileTests {
    private func rules(_ yaml: String) throws -> RuleSet { try RuleSet.parse(yaml: "version: 1\n" + yaml, file: "f") }

    /// User-Agents as the clients' sources write them, or as they were seen on the wire.
    @Test(arguments: [
        ("codex_cli_rs/0.144.6 (Ubuntu 24.4.0; x86_64) xterm-256color", "codex"),
        ("codex_vscode/0.98.0", "codex"),
        ("claude-cli/2.1.205 (external, cli)", "claude-code"),
        ("opencode/1.2.3", "opencode"),
        ("Cline/3.0.47", "cline"),
        ("RooCode/3.53.0", "roo"),
        ("Continue/1.0.0", "continue"),
        ("pi/0.80.0 (linux; node/v22.1.0; x64)", "pi"),
        ("HermesAgent/0.9.0", "hermes"),
        ("langchain-anthropic/1.7.7", "langchain"),
        ("pydantic-ai/2.68.0", "pydantic-ai"),
        ("Agents/Python 0.24.0", "openai-agents"),
        ("OpenAI/Python 3.52.0", "openai-python"),
        ("AsyncOpenAI/Python 2.54.0", "openai-python"),
    ])
    func aClientIsToldByItsUserAgent(_ userAgent: String, _ name: String) {
        #expect(RuleSet.default.resolve(RequestFacts(userAgent: userAgent)).client == name)
    }

    @Test(arguments: [
        ("originator", "codex_cli_rs", "codex"),
        ("x-title", "Cline", "cline"),
        ("x-title", "Roo Code", "roo"),
        ("x-title", "Continue", "continue"),
        ("x-title", "Aider", "aider"),
        ("x-title", "Hermes Agent", "hermes"),
        ("http-referer", "https://pi.dev", "pi"),
        ("x-claude-code-session-id", "3e1f", "claude-code"),
    ])
    func aClientIsToldByAHeader(_ header: String, _ value: String, _ name: String) {
        let facts = RequestFacts(userAgent: "OpenAI/JS 6.1.0", headers: [header: value])
        #expect(RuleSet.default.resolve(facts).client == name)
    }

    @Test func theCaseOfAHeadersNameDoesNotMatter() {
        for name in ["X-Title", "x-title", "X-TITLE"] {
            #expect(RuleSet.default.resolve(RequestFacts(headers: [name: "Cline"])).client == "cline")
        }
        #expect(RuleSet.default.resolve(RequestFacts(headers: ["x-titles": "Cline"])).client == nil)
        // Bit 5 tells the case of letters only.
        #expect(RuleSet.default.resolve(RequestFacts(headers: ["x\rtitle": "Cline"])).client == nil)
    }

    @Test func whoIsNotKnownGetsNoProfile() {
        for facts in [RequestFacts(), RequestFacts(userAgent: "curl/8.5.0", headers: ["x-title": "My App"])] {
            let resolution = RuleSet.default.resolve(facts)
            #expect(resolution.client == nil)
            #expect(resolution.settings == GuardSettings())
        }
    }

    @Test func codexGetsTheEndingThatItDoesNotRetry() {
        let settings = RuleSet.default.settings(for: RequestFacts(userAgent: "codex_cli_rs/0.144.6"))
        #expect(settings.responsesEnding == .completed)
        #expect(settings.keepAlive == .event)
    }

    @Test func aProfileWinsOverTheFileAndAnOverrideOverTheProfile() throws {
        let file = try rules(
            """
            keep_alive: comment
            tool_calls: stream
            overrides:
              - match: {model: "preview*", client: "codex*"}
                tool_calls: stream
            """
        )
        let codex = RequestFacts(model: "gpt-oss", userAgent: "codex_cli_rs/1.0")
        #expect(file.settings(for: RequestFacts()).keepAlive == .comment)
        #expect(file.settings(for: codex).keepAlive == .event)
        #expect(file.settings(for: codex).toolCalls == .hold)
        let preview = RequestFacts(model: "preview-1", userAgent: "codex_cli_rs/1.0")
        #expect(file.settings(for: preview).toolCalls == .stream)
        #expect(file.settings(for: preview).keepAlive == .event)
    }

    @Test func aShippedProfileIsChangedValueByValue() throws {
        let file = try rules("clients: {codex: {keep_alive: comment, detectors: {stutter: {mode: warn}}}}")
        let settings = file.settings(for: RequestFacts(headers: ["originator": "codex_cli_rs"]))
        #expect(settings.keepAlive == .comment)
        #expect(settings.detectors.stutter.modes.content == .warn)
        #expect(settings.responsesEnding == .completed)
    }

    @Test func aShippedProfileIsSwitchedOff() throws {
        let facts = RequestFacts(userAgent: "codex_cli_rs/1.0")
        let resolution = try rules("clients: {codex: false}").resolve(facts)
        #expect(resolution.client == nil)
        #expect(resolution.settings == GuardSettings())
    }

    @Test func aNewProfileComesAfterTheShippedOnes() throws {
        let file = try rules(
            """
            clients:
              my codex:
                user_agent: ["codex_cli_rs/*my*", "mine"]
                headers: {X-Team: blue}
                keep_alive: none
            """
        )
        let resolution = file.resolve(RequestFacts(userAgent: "codex_cli_rs/1 (my)"))
        #expect(resolution.client == "my codex")
        #expect(resolution.settings.keepAlive == .none)
        #expect(resolution.settings.responsesEnding == .completed)
        #expect(file.resolve(RequestFacts(headers: ["x-team": "Blue"])).client == "my codex")
        #expect(file.resolve(RequestFacts(userAgent: "codex_cli_rs/1")).client == "codex")
    }

    @Test(arguments: [
        ("clients: {codexx: false}", "there is no such profile; did you mean 'codex'?"),
        ("clients: {mine: {keep_alive: event}}", "'clients.mine' must have 'user_agent' or 'headers'"),
        ("clients: {mine: {user_agent: m}}", "'clients.mine' sets nothing"),
        ("clients: {mine: true}", "'clients.mine' must be a map of keys, or false, not 'true'"),
        ("clients: {codex: {keepalive: event}}", "unknown key 'clients.codex.keepalive'; did you mean 'keep_alive'?"),
        ("clients: {codex: {user_agent: []}}", "'clients.codex.user_agent' must have a pattern"),
        ("clients: {codex: {headers: x}}", "'clients.codex.headers' must be a map of keys, not 'x'"),
        ("clients: {codex: {source: []}}", "'clients.codex.source' must be text, not a list"),
        ("clients: {codex: {detectors: {tool_name_run: {run: {warn: 30}}}}}", "warns at 30, which is after it stops"),
        ("clients: [codex]", "'clients' must be a map of keys, not a list"),
    ])
    func aMistakeIsNamed(_ yaml: String, _ message: String) {
        let found = errors(in: "version: 1\n" + yaml)
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }
}

extension EngineAdapter {
    /// Ollama.
    public static let ollama: EngineAdapter = {
        var engine = EngineAdapter("ollama")
        engine.marks = [
            .owner("library"),
            EngineMark("/") { $0.isSuccess && String(decoding: $0.body, as: UTF8.self) == "Ollama is running" },
        ]
        engine.traps = [
            EngineTrap(
                "Nothing tells whether it works: /api/ps lists models that are loaded.",
                "server/routes.go"
            ),
            EngineTrap("Older runners read a prompt to its end before they notice that nobody waits.", "Ollama 0.20.2"),
            EngineTrap(
                "Its own guard against repeats ends a stream without done:true; the gateway writes it.",
                "llm/llama_server.go (tokenRepeat)"
            ),
        ]
        return engine
    }()
}

extension EngineAdapter {
    /// text-generation-webui.
    public static let textGenerationWebUI: EngineAdapter = {
        var engine = EngineAdapter("text-generation-webui")
        engine.marks = [
            EngineMark("/v1/internal/model/info") { $0.has("model_name", "lora_names") }
        ]
        engine.traps = [
            EngineTrap(
                "Its way of stopping, /v1/internal/stop-generation, stops everybody's runs; it is never used.",
                "modules/api/script.py"
            ),
            EngineTrap("Nothing tells whether it works.", "modules/api/script.py"),
        ]
        return engine
    }()
}

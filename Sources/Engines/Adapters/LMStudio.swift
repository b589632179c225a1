extension EngineAdapter {
    /// LM Studio.
    public static let lmStudio: EngineAdapter = {
        var engine = EngineAdapter("lm-studio")
        engine.marks = [
            .owner("organization_owner"),
            EngineMark("/lmstudio-greeting") { $0.flag("lmstudio") == true },
        ]
        engine.traps = [
            EngineTrap(
                "With a GGUF model a prompt is read to its end before a closed connection counts.",
                "lmstudio-ai/.github#10, lmstudio-bug-tracker #1143"
            ),
            EngineTrap("It answers paths that it does not have with 200 and an error.", "observed by its clients"),
            EngineTrap("Over HTTP nothing tells whether it works.", "closed source"),
        ]
        return engine
    }()
}

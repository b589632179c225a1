extension EngineAdapter {
    /// Every engine that is known. Those that imitate others' answers come before them.
    public static let all: [EngineAdapter] = [
        .embedded, .llamaCpp, .llamaCppPython, .vLLM, .sgLang, .tensorRTLLM, .lmDeploy, .tabbyAPI, .exo, .atlas,
        .ollama,
        .lmStudio, .tgi, .koboldCpp, .textGenerationWebUI, .mlxLM, .generic,
    ]

    /// The engine of that name; `nil` when none is called so.
    public static func named(_ name: String) -> EngineAdapter? { all.first { $0.name == name } }

    /// An engine of which nothing is known: closing its connection is all that can be done, and nothing can be proved.
    public static let generic: EngineAdapter = {
        var engine = EngineAdapter("generic")
        engine.traps = [
            EngineTrap(
                "Whether it notices a closed connection is not known, so no cut of its runs can be confirmed.",
                "by definition"
            )
        ]
        return engine
    }()
}

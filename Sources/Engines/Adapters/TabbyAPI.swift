extension EngineAdapter {
    /// TabbyAPI.
    public static let tabbyAPI: EngineAdapter = {
        var engine = EngineAdapter("tabbyapi")
        // With its Kobold paths switched on it calls itself KoboldCpp there.
        engine.marks = [.owner("tabbyAPI")]
        engine.traps = [
            EngineTrap(
                "Only runs on its Kobold paths can be aborted by a key; those on OpenAI's paths end by closing.",
                "endpoints/Kobold/router.py"
            ),
            EngineTrap(
                "A closed connection is looked for when a result arrives, so not while a prompt is read.",
                "common/networking.py"
            ),
            EngineTrap("Nothing tells whether it works.", "endpoints/core/router.py"),
        ]
        return engine
    }()
}

extension EngineAdapter {
    /// Atlas (`spark-server`).
    public static let atlas: EngineAdapter = {
        var engine = EngineAdapter("atlas")
        engine.marks = [.owner("atlas-spark")]
        engine.traps = [
            EngineTrap(
                "Its cancel flag lives in the process; from outside, closing the connection is all.",
                "crates/spark-server, PR #89"
            ),
            EngineTrap("Nothing tells whether it works.", "crates/spark-server"),
        ]
        return engine
    }()
}

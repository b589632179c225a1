extension EngineAdapter {
    /// The server of mlx-lm.
    public static let mlxLM: EngineAdapter = {
        var engine = EngineAdapter("mlx-lm")
        engine.marks = [
            // Python's own server, whose list of models names no owner.
            EngineMark("/v1/models") { answer in
                answer.header("server")?.hasPrefix("BaseHTTP/") == true && answer.has("object", "data")
                    && answer.owner == nil
            },
            // Where no model was ever downloaded the list has no body at all.
            EngineMark("/health") { answer in
                answer.header("server")?.hasPrefix("BaseHTTP/") == true && answer.text("status") == "ok"
            },
        ]
        engine.traps = [
            EngineTrap(
                "Without a stream it never notices that nobody waits; the gateway therefore always asks for one.",
                "mlx_lm/server.py"
            ),
            EngineTrap(
                "It notices a closed connection only by writing, and writes nothing while it gathers a tool call.",
                "mlx_lm/server.py, #677"
            ),
            EngineTrap("Nothing tells whether it works.", "mlx_lm/server.py"),
        ]
        return engine
    }()
}

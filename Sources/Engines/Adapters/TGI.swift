extension EngineAdapter {
    /// Text Generation Inference.
    public static let tgi: EngineAdapter = {
        var engine = EngineAdapter("tgi")
        engine.marks = [
            EngineMark("/info") { answer in
                answer.text("router")?.hasPrefix("text-generation-router") == true
                    || answer.has("model_id", "max_concurrent_requests", "max_input_tokens")
            }
        ]
        engine.idleness = [.gauges("/metrics", "tgi_batch_current_size", "tgi_queue_size")]
        engine.traps = [
            EngineTrap(
                "A prompt that is being read is read to its end; the run is dropped at the next step after it.",
                "backends/v3/src/backend.rs, queue.rs"
            )
        ]
        return engine
    }()
}

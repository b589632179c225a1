extension EngineAdapter {
    /// SGLang.
    public static let sgLang: EngineAdapter = {
        var engine = EngineAdapter("sglang")
        engine.marks = [
            .owner("sglang"),
            EngineMark("/get_server_info") { $0.has("disable_radix_cache") || $0.has("internal_states") },
        ]
        engine.naming = .field("rid")
        engine.cancels = [
            CancelCall({ EngineRequest("POST", "/abort_request", body: #"{"rid":"\#($0)","abort_all":false}"#) })
        ]
        // After a closed connection it sleeps for two seconds before it aborts.
        engine.order = .cancelFirst
        engine.idleness = [.gauges("/metrics", "sglang:num_running_reqs", "sglang:num_queue_reqs")]
        engine.traps = [
            EngineTrap(
                "An abort ends every run whose name begins with the one given; all of ours have 32 random digits.",
                "python/sglang/srt/managers/scheduler.py"
            ),
            EngineTrap(
                "It answers 200 to an abort whether or not it knows the name, so an answer proves nothing.",
                "python/sglang/srt/entrypoints/http_server.py"
            ),
            EngineTrap(
                "A closed connection is acted on after a sleep of two seconds; without a stream it is looked for every four.",
                "python/sglang/srt/managers/tokenizer_manager.py (create_abort_task)"
            ),
            EngineTrap(
                "Aborted runs have stayed behind as zombies: up to 182 of them, 71 s after the client had left.",
                "SGLang #36333, #36876, #34894, fixed by #35255"
            ),
            EngineTrap("Its gauges exist only with --enable-metrics.", "python/sglang/srt/server_args.py"),
        ]
        return engine
    }()
}

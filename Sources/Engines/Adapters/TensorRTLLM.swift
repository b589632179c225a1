internal import JSONBytes

extension EngineAdapter {
    /// TensorRT-LLM's `trtllm-serve`.
    public static let tensorRTLLM: EngineAdapter = {
        var engine = EngineAdapter("tensorrt-llm")
        engine.marks = [.owner("tensorrt_llm")]
        engine.idleness = [IdleCheck("/metrics") { answer, _ in activeRequests(answer).map(EngineLoad.total) }]
        engine.traps = [
            EngineTrap(
                "A closed connection is looked for once a second.",
                "tensorrt_llm/serve/openai_server.py (await_disconnected), PR #3214"
            ),
            EngineTrap(
                "Reading /metrics takes the statistics away: whoever else reads them misses those.",
                "tensorrt_llm/serve/openai_server.py"
            ),
        ]
        return engine
    }()

    /// The requests of the newest iteration: `[{"numActiveRequests":1,"numQueuedRequests":0,…},…]`. An empty list says that
    /// there was no iteration since it was last read, which says nothing.
    private static func activeRequests(_ answer: EngineAnswer) -> Int? {
        guard answer.isSuccess else { return nil }
        let bytes = answer.body.span
        var reader = JSONReader()
        guard reader.peek(bytes) == .array else { return nil }
        var newest: Int?
        reader.readArray(bytes) { _, reader in
            var (active, queued): (Int?, Int) = (nil, 0)
            reader.readObjectOrSkip(bytes) { key, reader in
                if bytes.equals(key, "numActiveRequests") {
                    active = reader.readIntegerOrSkip(bytes)
                } else if bytes.equals(key, "numQueuedRequests") {
                    queued = reader.readIntegerOrSkip(bytes) ?? 0
                } else {
                    reader.skipValue(bytes)
                }
            }
            newest = active.map { $0 + queued }
        }
        return reader.failed ? nil : newest
    }
}

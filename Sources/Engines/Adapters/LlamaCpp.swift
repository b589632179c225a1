internal import JSONBytes

extension EngineAdapter {
    /// llama.cpp's `llama-server`.
    public static let llamaCpp: EngineAdapter = {
        var engine = EngineAdapter("llama.cpp")
        engine.marks = [
            .owner("llamacpp"), .server("llama.cpp"),
            EngineMark("/props") { $0.has("default_generation_settings") && $0.has("total_slots") },
        ]
        // With it the engine goes on when the connection is closed: the client might come back for the rest.
        engine.strippedHeaders = ["X-Conversation-Id"]
        engine.order = .closeOnly
        engine.idleness = [
            IdleCheck("/slots") { answer, _ in processingSlots(answer).map(EngineLoad.total) },
            .gauges("/metrics", "llamacpp:requests_processing", "llamacpp:requests_deferred"),
        ]
        engine.traps = [
            EngineTrap(
                "A request with X-Conversation-Id goes on when its connection is closed; the header is taken off.",
                "tools/server/server-stream.cpp, PR #23226, #27481"
            ),
            EngineTrap(
                "A closed connection is looked for once a second while the engine waits for tokens, and between batches of a prompt.",
                "tools/server/server-queue.cpp (HTTP_POLLING_SECONDS), #11720, #13262"
            ),
            EngineTrap(
                "Without --slots and without --metrics nothing tells whether it works.",
                "tools/server/README.md"
            ),
        ]
        return engine
    }()

    /// How many slots are at work: `[{"id":0,"is_processing":true,…},…]`.
    private static func processingSlots(_ answer: EngineAnswer) -> Int? {
        guard answer.isSuccess else { return nil }
        let bytes = answer.body.span
        var reader = JSONReader()
        guard reader.peek(bytes) == .array else { return nil }
        var (slots, busy) = (0, 0)
        reader.readArray(bytes) { _, reader in
            reader.readObjectOrSkip(bytes) { key, reader in
                guard bytes.equals(key, "is_processing") else {
                    reader.skipValue(bytes)
                    return
                }
                slots += 1
                if reader.readBoolOrSkip(bytes) == true { busy += 1 }
            }
        }
        return reader.failed || slots == 0 ? nil : busy
    }

    /// The server that comes with `llama-cpp-python`. It shares llama.cpp's model code and nothing of its server.
    public static let llamaCppPython: EngineAdapter = {
        var engine = EngineAdapter("llama-cpp-python")
        engine.marks = [
            EngineMark("/openapi.json") { answer in
                let bytes = answer.body.prefix(2_048)
                return answer.isSuccess && String(decoding: bytes, as: UTF8.self).contains("llama.cpp Python API")
            }
        ]
        engine.traps = [
            EngineTrap(
                "One model serves one run at a time; a new run interrupts the one that streams (interrupt_requests).",
                "llama_cpp/server/app.py"
            ),
            EngineTrap(
                "An answer in one piece is written to its end, whether or not somebody waits for it.",
                "llama_cpp/server/app.py; measured, docs/engines.md"
            ),
        ]
        return engine
    }()
}

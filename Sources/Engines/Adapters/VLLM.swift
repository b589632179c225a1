extension EngineAdapter {
    /// vLLM.
    public static let vLLM: EngineAdapter = {
        var engine = EngineAdapter("vllm")
        engine.marks = [.owner("vllm")]
        engine.naming = .header(
            "X-Request-Id",
            prefixes: [("/v1/chat/completions", "chatcmpl-"), ("/v1/completions", "cmpl-")]
        )
        engine.cancels = [
            // Only with --tokens-only or in development mode. The list always holds names, since an empty one may mean all.
            CancelCall({ id in
                // A completion's prompts are numbered behind the request's name; names nobody has do no harm.
                let ids = id.text.hasPrefix("cmpl-") ? #""\#(id)","\#(id)-0""# : #""\#(id)""#
                return EngineRequest("POST", "/abort_requests", body: #"{"request_ids":[\#(ids)]}"#)
            }),
            CancelCall({ EngineRequest("POST", "/v1/requests/\($0)/cancel") }) { answer in
                // FastAPI answers a path that it does not have with this very text.
                if answer.status == 404, answer.isMissingRoute { return .unsupported }
                return answer.status == 404 ? .notFound : CancelEffect.byStatus(answer)
            },
        ]
        engine.order = .together
        engine.idleness = [.gauges("/metrics", "vllm:num_requests_running", "vllm:num_requests_waiting")]
        engine.traps = [
            EngineTrap(
                "Aborting by a name ends every run that has it, so each gets a random X-Request-Id in place of the client's.",
                "vllm/v1/engine/output_processor.py (abort_requests)"
            ),
            EngineTrap("An empty list of names aborts all runs; none is ever sent.", "vLLM #55521"),
            EngineTrap(
                "The ways of aborting exist only with --tokens-only or VLLM_SERVER_DEV_MODE=1; otherwise closing is all.",
                "vllm/entrypoints/serve/disagg/api_router.py"
            ),
        ]
        return engine
    }()
}

extension EngineAnswer {
    /// Whether the status 404 means that there is no such path, and not that there is no such run.
    var isMissingRoute: Bool { status == 404 && String(decoding: body, as: UTF8.self) == #"{"detail":"Not Found"}"# }
}

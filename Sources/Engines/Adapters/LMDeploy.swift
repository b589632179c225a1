extension EngineAdapter {
    /// LMDeploy.
    public static let lmDeploy: EngineAdapter = {
        var engine = EngineAdapter("lmdeploy")
        engine.marks = [.owner("lmdeploy")]
        engine.naming = .numberField("session_id")
        engine.cancels = [
            CancelCall({ EngineRequest("POST", "/abort_request", body: #"{"session_id":\#($0),"abort_all":false}"#) }) {
                answer in
                // "Session N not found."
                answer.status == 400 ? .notFound : CancelEffect.byStatus(answer)
            }
        ]
        engine.order = .together
        engine.idleness = [.gauges("/metrics", "lmdeploy:num_requests_running", "lmdeploy:num_requests_waiting")]
        engine.traps = [
            EngineTrap(
                "Without --enable-abort-handling an abort is answered with 501; closing is all then.",
                "lmdeploy/serve/openai/endpoints/management.py"
            ),
            EngineTrap(
                "Runs are named by whole numbers, so each gets a random one of 15 digits.",
                "lmdeploy/serve/openai/endpoints/management.py"
            ),
        ]
        return engine
    }()
}

extension EngineAdapter {
    /// KoboldCpp.
    public static let koboldCpp: EngineAdapter = {
        var engine = EngineAdapter("koboldcpp")
        engine.marks = [
            .owner("koboldcpp"), .server("ConcedoLlamaForKoboldServer"),
            EngineMark("/api/extra/version") { $0.text("result") == "KoboldCpp" },
        ]
        engine.naming = .field("genkey")
        engine.cancels = [
            CancelCall({ EngineRequest("POST", "/api/extra/abort", body: #"{"genkey":"\#($0)"}"#) }) { answer in
                guard answer.isSuccess else { return CancelEffect.byStatus(answer) }
                // The flags are texts: {"success":"true","done":"true"}.
                guard answer.flag("success") == true else { return .failed }
                return answer.flag("done") == true ? .stopped : .accepted
            }
        ]
        engine.order = .together
        engine.idleness = [
            IdleCheck("/api/extra/perf") { answer, _ in
                guard let idle = answer.integer("idle") else { return nil }
                return .total((idle == 0 ? 1 : 0) + (answer.integer("queue") ?? 0))
            }
        ]
        engine.traps = [
            EngineTrap(
                "An abort without a key ends whatever runs, if nothing waits; each run has a key of its own.",
                "koboldcpp.py (/api/extra/abort)"
            ),
            EngineTrap(
                "Only one abort of a waiting run is remembered: the next takes its place.",
                "koboldcpp.py (pendingabortkey)"
            ),
            EngineTrap(
                "A closed connection aborts whatever runs at that moment, even another's run.",
                "koboldcpp.py (abort_generate)"
            ),
            EngineTrap("Truth is written as text: \"true\".", "koboldcpp.py"),
        ]
        return engine
    }()
}

internal import Cancellation
internal import Guard
internal import LoopDetection
internal import RunIdentity
internal import Runs
internal import Synchronization

/// Runs and what is known of them as JSON.
enum RunJSON {
    /// One run, with what is known of its tree.
    static func describe(_ run: Run, in registry: RunRegistry, into json: inout JSONWriter, children: Bool = false) {
        let state = run.state.current
        json.member("object", "run")
        json.member("id", run.id)
        json.member("generation", state.generation)
        json.member("state", state.phase.name)
        json.member("kind", run.facts.kind)
        json.member("model", run.facts.model)
        json.member("path", run.facts.path)
        json.member("client", run.facts.client)
        describeTree(of: run, in: registry, into: &json, children: children)
        describeFigures(of: run, into: &json)
        json.member("recorded", run.isRecorded)
        if let label = run.label {
            json.key("label")
            json.object { describe(label, into: &$0) }
        }
        json.member("reason", state.reason?.name)
        describeCancel(of: run, state, into: &json)
        describeEngine(of: run, into: &json)
        if state.reason?.detector != nil, let verdict = run.verdict { describe(verdict, into: &json) }
        let warnings = run.warnings
        guard !warnings.isEmpty else { return }
        json.key("warnings")
        json.array { array in for warning in warnings { array.object { describe(warning, into: &$0) } } }
    }

    private static func describeTree(
        of run: Run,
        in registry: RunRegistry,
        into json: inout JSONWriter,
        children: Bool
    ) {
        json.member("session", run.identity.session)
        json.member("tree", run.identity.tree)
        json.member("node", run.identity.node)
        json.member("turn", run.identity.turn)
        let ancestors = registry.ancestors(of: run)
        json.member("parent", ancestors.first?.id)
        json.member("root", ancestors.last?.id ?? run.id)
        json.member("depth", ancestors.count)
        let below = registry.descendants(of: run)
        json.member("descendants", below.joined().count { _ in true })
        json.member("live_descendants", registry.liveBeside(run))
        guard children else { return }
        json.key("children")
        json.array { array in for child in below.first ?? [] { array.string(child.id) } }
    }

    private static func describeFigures(of run: Run, into json: inout JSONWriter) {
        let figures = run.figures
        json.member("started", run.started)
        json.member("duration_ms", milliseconds: figures.durationNanoseconds.load(ordering: .relaxed))
        json.member("ttft_ms", milliseconds: figures.firstByteNanoseconds.load(ordering: .relaxed))
        json.member("bytes", figures.bytes.load(ordering: .relaxed))
        json.member("events", figures.events.load(ordering: .relaxed))
        json.member("tokens", figures.tokens.load(ordering: .relaxed))
        json.member("max_tokens", run.facts.maxTokens)
    }

    private static func describeCancel(of run: Run, _ state: RunState.Snapshot, into json: inout JSONWriter) {
        json.key("cancel")
        guard state.phase >= .stopping, let reason = state.reason, reason != .upstreamLost else {
            return json.literal("null")
        }
        let (source, duplicates) = run.cancel
        json.object { cancel in
            cancel.member("source", source ?? (reason.detector == nil ? reason.name : "guard"))
            cancel.member("duplicates", duplicates)
        }
    }

    private static func describeEngine(of run: Run, into json: inout JSONWriter) {
        json.key("engine")
        guard run.confirmation != nil || run.upstreamID != nil else { return json.literal("null") }
        json.object { describeEngine(run.confirmation, upstreamID: run.upstreamID, into: &$0) }
    }

    static func describeEngine(_ word: Confirmation?, upstreamID: String?, into engine: inout JSONWriter) {
        engine.member("upstream_id", upstreamID)
        guard let word else { return }
        engine.key("confirmed")
        engine.literal(word.isConfirmed.map { $0 ? "true" : "false" } ?? "null")
        engine.member("via", word.way.rawValue)
        engine.member("after_ms", milliseconds: word.nanoseconds)
        if let outcome = word.outcome { engine.member("outcome", outcome) }
        if let tokens = word.tokens { engine.member("tokens", Int(clamping: tokens)) }
        if let step = word.step { engine.member("step", Int(clamping: step)) }
    }

    /// What a person says about a recording, with the members of a line in its labels.
    static func describe(_ label: RunLabel, into json: inout JSONWriter) {
        switch label {
        case .healthy: json.member("label", "healthy")
        case .loop(let channel, let began):
            json.member("label", "loop")
            if let channel { json.member("channel", channel.rawValue) }
            json.member("began", began)
        }
    }

    /// A verdict: its detector, how far it was allowed to go, the facts, and where it stood.
    static func describe(_ verdict: Verdict, into json: inout JSONWriter) {
        json.member("detector", verdict.detector.name)
        json.member("mode", "\(verdict.mode)")
        json.key("evidence")
        json.object { evidence in
            for fact in verdict.evidence.facts {
                switch fact.value {
                case .integer(let number): evidence.member(fact.name, number)
                case .number(let number): evidence.member(fact.name, number)
                case .text(let text): evidence.member(fact.name, text)
                }
            }
        }
        json.member("channel", verdict.channel.map { "\($0)" })
        json.member("byte", verdict.byte)
    }

    /// The last text of a run.
    static func describe(_ text: StreamText?, limit: Int = .max, into json: inout JSONWriter) {
        json.member("content", tail(text?.content, limit))
        json.member("reasoning", tail(text?.reasoning, limit))
        json.key("tool_calls")
        json.array { array in
            for (index, call) in (text?.calls ?? []).enumerated() {
                array.object { json in
                    json.member("index", index)
                    json.member("name", String(decoding: call.name, as: UTF8.self))
                    json.member("arguments", String(decoding: call.arguments, as: UTF8.self))
                    json.member("complete", call.isComplete)
                }
            }
        }
        json.member(
            "truncated",
            text.map { $0.isCut || $0.content.count > limit || $0.reasoning.count > limit } ?? false
        )
    }

    private static func tail(_ bytes: [UInt8]?, _ limit: Int) -> String {
        guard let bytes else { return "" }
        guard bytes.count > limit else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes.suffix(limit).drop { $0 & 0xC0 == 0x80 }, as: UTF8.self)
    }

    /// A list of runs.
    static func list(
        _ runs: some Sequence<Run>,
        in registry: RunRegistry,
        _ more: (inout JSONWriter) -> Void = { _ in }
    )
        -> Reply
    {
        Reply(
            json: JSONWriter.object { json in
                json.member("object", "list")
                json.key("data")
                json.array { data in for run in runs { data.object { describe(run, in: registry, into: &$0) } } }
                more(&json)
            }
        )
    }
}

extension JSONWriter {
    /// A time in milliseconds with three decimals; `null` for 0, which stands for "not yet".
    mutating func member(_ name: String, milliseconds nanoseconds: Int64) {
        key(name)
        literal(nanoseconds > 0 ? "\(Double(nanoseconds / 1_000) / 1_000)" : "null")
    }

    mutating func member(_ name: String, _ number: Int?) {
        key(name)
        literal(number.map { "\($0)" } ?? "null")
    }
}

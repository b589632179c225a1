internal import JSONBytes

extension EngineAdapter {
    /// The engine that comes with loopguard.
    public static let embedded: EngineAdapter = {
        var engine = EngineAdapter("embedded")
        engine.marks = [.owner("loopguard")]
        engine.naming = .runID
        engine.cancels = [
            CancelCall({ EngineRequest("POST", "/v1/requests/\($0)/cancel") }) { answer in
                guard answer.isSuccess else { return answer.status == 404 ? .notFound : .failed }
                // What it cannot cancel any more has ended.
                return answer.flag("cancelled") == false ? .stopped : .accepted
            }
        ]
        engine.order = .together
        engine.idleness = [IdleCheck("/slots") { answer, id in embeddedLoad(answer, id) }]
        engine.traps = [
            EngineTrap(
                "Its list of runs shows the name in X-Request-Id and not the gateway's id, so a run is looked for by counting.",
                "Sources/EmbeddedEngine/HTTP/Admission.swift"
            )
        ]
        return engine
    }()

    /// How many runs wait or run.
    private static func embeddedLoad(_ answer: EngineAnswer, _ id: EngineRunID?) -> EngineLoad? {
        var count: Int?
        answer.members { key, reader, bytes in
            guard bytes.equals(key, "active"), reader.peek(bytes) == .array else { return false }
            count = 0
            var ids: Set<String> = []
            reader.readArray(bytes) { _, reader in
                reader.readObjectOrSkip(bytes) { key, reader in
                    if bytes.equals(key, "id"), let token = reader.readStringOrSkip(bytes) {
                        ids.insert(JSONString.string(bytes, token))
                    } else if !bytes.equals(key, "id") {
                        reader.skipValue(bytes)
                    }
                }
            }
            // The choices of one run have one name.
            count = ids.count
            return true
        }
        return count.map(EngineLoad.total)
    }
}

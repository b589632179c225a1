internal import JSONBytes

extension EngineAdapter {
    /// exo.
    public static let exo: EngineAdapter = {
        var engine = EngineAdapter("exo")
        engine.marks = [
            .owner("exo"),
            EngineMark("/state") { $0.has("instances", "runners") },
        ]
        engine.naming = .firstChunk
        engine.cancels = [
            CancelCall({ EngineRequest("POST", "/v1/cancel/\($0)") }) { answer in
                if answer.status == 404 { return answer.isMissingRoute ? .unsupported : .notFound }
                return CancelEffect.byStatus(answer)
            }
        ]
        engine.order = .together
        engine.idleness = [IdleCheck("/state") { answer, id in exoLoad(answer, id) }]
        engine.traps = [
            EngineTrap(
                "A cancelled stream ends without a finish reason and without [DONE]; the gateway writes them.",
                "src/exo/api/adapters/chat_completions.py"
            ),
            EngineTrap(
                "A cancel can be lost: the task may be deleted before the workers have seen that it was cancelled.",
                "exo #1787; src/exo/worker/plan.py"
            ),
            EngineTrap(
                "It looks for a cancel every hundred tokens or so, which is ten seconds at ten tokens a second.",
                "src/exo/worker/engines/mlx/generator/generate.py"
            ),
            EngineTrap(
                "A run has no name before its first chunk; until then closing is all.",
                "src/exo/api/main.py"
            ),
        ]
        return engine
    }()

    /// Whether a task for this command is pending or running: `{"tasks":{"…":{"TextGeneration":{"commandId":…,"taskStatus":…}}}}`.
    /// The tasks are also gone when the race above was lost, which nothing can tell from outside.
    private static func exoLoad(_ answer: EngineAnswer, _ id: EngineRunID?) -> EngineLoad? {
        var load: EngineLoad?
        answer.members { key, reader, bytes in
            guard bytes.equals(key, "tasks"), reader.peek(bytes) == .object else { return false }
            var active = 0
            var isOurs = false
            reader.readObject(bytes) { _, reader in
                let task = exoTask(bytes, &reader)
                guard task.isActive else { return }
                active += 1
                if let id, task.command == id.text { isOurs = true }
            }
            load = id == nil ? .total(active) : .run(isBusy: isOurs)
            return true
        }
        return load
    }

    /// Reads a task, whichever kind's name is around it.
    private static func exoTask(_ bytes: Span<UInt8>, _ reader: inout JSONReader) -> (command: String?, isActive: Bool)
    {
        var command: String?
        var isActive = false
        reader.readObjectOrSkip(bytes) { key, reader in
            switch reader.peek(bytes) {
            case .object:
                let inner = exoTask(bytes, &reader)
                command = command ?? inner.command
                isActive = isActive || inner.isActive
            case .string:
                let value = reader.readString(bytes)
                guard let value else { return }
                if bytes.equals(key, "commandId") || bytes.equals(key, "command_id") {
                    command = JSONString.string(bytes, value)
                } else if bytes.equals(key, "taskStatus") || bytes.equals(key, "task_status") {
                    isActive = bytes.equals(value, "Pending") || bytes.equals(value, "Running")
                }
            default: reader.skipValue(bytes)
            }
        }
        return (command, isActive)
    }
}

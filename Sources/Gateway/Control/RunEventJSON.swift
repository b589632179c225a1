internal import Cancellation
internal import Guard
internal import LoopDetection
internal import Runs
internal import Synchronization

/// Run events as server-sent events.
enum RunEventJSON {
    /// The bytes of an event, with its number as the id by which a follower comes back.
    static func encode(_ event: RunEvent, in registry: RunRegistry) -> [UInt8] {
        frame(name(of: event.kind), id: event.number, data(of: event, in: registry))
    }

    /// The bytes of an event that is told to one follower alone.
    static func encode(_ name: String, of run: Run, at time: Double, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
        frame(
            name,
            id: nil,
            JSONWriter.object { json in
                json.member("run_id", run.id)
                json.member("at", time)
                members(&json)
            }
        )
    }

    private static func frame(_ name: String, id: UInt64?, _ data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        if let id { bytes.append(contentsOf: "id: \(id)\n".utf8) }
        bytes.append(contentsOf: "event: \(name)\ndata: ".utf8)
        bytes.append(contentsOf: data)
        bytes.append(contentsOf: "\n\n".utf8)
        return bytes
    }

    private static func name(of kind: RunEvent.Kind) -> String {
        switch kind {
        case .started: "started"
        case .state: "state"
        case .trip: "trip"
        case .toolCall: "tool_call"
        case .engine: "engine"
        case .ended(let phase, _):
            switch phase {
            case .completed: "done"
            case .failed: "failed"
            case .disconnected: "disconnected"
            default: "cancel"
            }
        }
    }

    private static func data(of event: RunEvent, in registry: RunRegistry) -> [UInt8] {
        let run = event.run
        return JSONWriter.object { json in
            json.member("run_id", run.id)
            json.member("at", event.time)
            switch event.kind {
            case .started:
                json.key("run")
                json.object { RunJSON.describe(run, in: registry, into: &$0) }
            case .state(let phase, let reason):
                json.member("state", phase.name)
                json.member("reason", reason?.name)
            case .trip(let verdict): RunJSON.describe(verdict, into: &json)
            case .toolCall(let name, let arguments):
                json.member("name", name)
                json.member("arguments", arguments)
            case .engine(let word):
                json.key("engine")
                json.object { RunJSON.describeEngine(word, upstreamID: run.upstreamID, into: &$0) }
            case .ended(let phase, let reason):
                json.member("state", phase.name)
                json.member("reason", reason?.name)
                json.member("source", run.cancel.source)
                json.key("partial")
                json.object { partial in
                    partial.member("bytes", run.figures.bytes.load(ordering: .relaxed))
                    partial.member("events", run.figures.events.load(ordering: .relaxed))
                    partial.member("tokens", run.figures.tokens.load(ordering: .relaxed))
                }
                json.key("engine")
                json.object { RunJSON.describeEngine(run.confirmation, upstreamID: run.upstreamID, into: &$0) }
                json.key("run")
                json.object { RunJSON.describe(run, in: registry, into: &$0) }
            }
        }
    }
}

internal import Cancellation
internal import NIOHTTP1
internal import Runs

/// The answers to a wish to stop a run, in the shape of each door.
enum StopReply {
    /// An id that could mean more than one run never reaches an engine: several of them read it as "all".
    static func refusal(of id: String) -> Reply? {
        guard id.isEmpty || id.contains(where: { $0 == "*" || $0.isWhitespace || $0 == "?" }) else { return nil }
        return .badRequest("A cancel needs the id of one run; it is in the X-Loopguard-Run-Id header of the response.")
    }

    static func answer(
        _ answer: StopAnswer,
        at door: StopDoor,
        asked id: String,
        wish: StopRequest,
        of run: Run
    ) -> Reply {
        switch door {
        case .command: command(answer, id)
        case .request: request(answer, id)
        case .response: response(answer, id, run)
        case .run: stop(answer, wish)
        case .stream: stream(answer, id)
        }
    }

    /// The answer about a run that nobody knows, or that the caller may not know of.
    static func unknown(_ id: String, at door: StopDoor) -> Reply {
        switch door {
        case .command: commandNotFound("unknown")
        case .request:
            Reply(
                .notFound,
                json: JSONWriter.object { json in
                    json.member("object", "request.cancel")
                    json.member("id", id)
                    json.member("cancelled", false)
                    json.member("state", nil as String?)
                    json.member("reason", "unknown")
                }
            )
        case .response, .run: .notFound("There is no run '\(id.prefix(128))', or none any more.")
        case .stream:
            Reply(
                .notFound,
                json: JSONWriter.object { json in
                    json.member("ok", true)
                    json.member("cancelled", false)
                    json.member("stream_id", id)
                    json.member("reason", "unknown")
                }
            )
        }
    }

    /// exo's answer: 404 for whatever can no longer be cancelled.
    private static func command(_ answer: StopAnswer, _ id: String) -> Reply {
        if answer.refusal == .alreadyFinished || answer.refusal == .alreadyStopped {
            return commandNotFound("already_finished")
        }
        return Reply(
            json: JSONWriter.object { json in
                json.member("message", answer.isCancelled ? "Command cancelled." : "Command not cancelled.")
                json.member("command_id", id)
                json.member("cancelled", answer.isCancelled)
                json.member("state", answer.phase.name)
                if answer.isDuplicate { json.member("duplicate", true) }
                if let refusal = answer.refusal { json.member("reason", refusal.rawValue) }
            }
        )
    }

    private static func commandNotFound(_ reason: String) -> Reply {
        Reply(
            .notFound,
            json: JSONWriter.object { json in
                json.key("error")
                json.object { error in
                    error.member("message", "Command not found or already completed")
                    error.member("type", "Not Found")
                    error.member("code", 404)
                    error.member("reason", reason)
                }
            }
        )
    }

    private static func request(_ answer: StopAnswer, _ id: String) -> Reply {
        Reply(
            json: JSONWriter.object { json in
                json.member("object", "request.cancel")
                json.member("id", id)
                json.member("cancelled", answer.isCancelled)
                json.member("state", answer.phase.name)
                json.member("reason", answer.refusal?.rawValue)
                if answer.isDuplicate { json.member("duplicate", true) }
            }
        )
    }

    /// OpenAI's answer is the response as it stands; cancelling what has ended is no error there.
    private static func response(_ answer: StopAnswer, _ id: String, _ run: Run) -> Reply {
        let status =
            switch answer.phase {
            case .completed: "completed"
            case .failed: "failed"
            case .capped: "incomplete"
            default: answer.refusal == .staleOwner ? "in_progress" : "cancelled"
            }
        return Reply(
            json: JSONWriter.object { json in
                json.member("id", id)
                json.member("object", "response")
                json.member("created_at", Int(run.started))
                json.member("status", status)
                json.member("background", false)
                json.member("error", nil as String?)
                json.member("incomplete_details", nil as String?)
                json.member("model", run.facts.model)
                json.key("output")
                json.array { _ in }
                json.member("parallel_tool_calls", true)
                json.member("tool_choice", "auto")
                json.key("tools")
                json.array { _ in }
                json.key("metadata")
                json.object { json in
                    json.member("cancelled", answer.isCancelled ? "true" : "false")
                    if let refusal = answer.refusal { json.member("reason", refusal.rawValue) }
                }
            }
        )
    }

    /// gofannon's answer and our own: 202 for what is being stopped.
    private static func stop(_ answer: StopAnswer, _ wish: StopRequest) -> Reply {
        Reply(
            answer.isCancelled ? .accepted : .ok,
            json: JSONWriter.object { describe(answer, wish, into: &$0) }
        )
    }

    static func describe(_ answer: StopAnswer, _ wish: StopRequest, into json: inout JSONWriter) {
        json.member("run_id", answer.id)
        json.member("cancelled", answer.isCancelled)
        json.member("status", answer.isCancelled ? "stopping" : answer.phase.isTerminal ? "stopped" : answer.phase.name)
        json.member("state", answer.phase.name)
        json.member("reason", answer.refusal?.rawValue)
        json.member("duplicate", answer.isDuplicate)
        json.member("generation", answer.generation)
        json.member("mode", wish.mode.rawValue)
        json.member("descendants", answer.descendants)
        json.key("cancelled_runs")
        json.array { array in for id in answer.stopped { array.string(id) } }
    }

    private static func stream(_ answer: StopAnswer, _ id: String) -> Reply {
        Reply(
            json: JSONWriter.object { json in
                json.member("ok", true)
                json.member("cancelled", answer.isCancelled)
                json.member("stream_id", id)
                json.member("reason", answer.refusal?.rawValue)
            }
        )
    }
}

extension Reply {
    static func notFound(_ message: String) -> Reply {
        error(.notFound, message, type: "not_found", code: "unknown")
    }
}

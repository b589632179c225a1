internal import Cancellation
internal import GenerationWire
internal import Guard
internal import NIOHTTP1

/// The whole answer to a request whose run is ended before the engine said anything.
enum EarlyEnding {
    static func reply(
        for request: Exchange.Request,
        _ guarding: inout GuardedStream?,
        run: Run,
        reason: EndReason,
        note: String?
    ) -> Reply {
        guard let format = request.format else { return .shuttingDown }
        guard request.generation?.stream == true else {
            // JSON that was asked for must not become a sentence.
            let text = request.generation?.jsonOutput == true ? nil : note
            return completion(format, run, reason, text ?? "")
        }
        var reply = Reply(json: guarding?.end(reason) ?? [])
        reply.contentType = "text/event-stream"
        return reply
    }

    /// A completion that was cut for length before any text, which every client understands; `stop_reason` tells why.
    /// A conversation gets the note, because several agent libraries raise on an empty message.
    private static func completion(_ format: WireFormat, _ run: Run, _ reason: EndReason, _ note: String) -> Reply {
        Reply(
            json: JSONWriter.object { json in
                json.member("id", run.id)
                json.member("object", format == .completions ? "text_completion" : "chat.completion")
                json.member("created", Int(run.started))
                json.member("model", run.model)
                json.key("choices")
                json.array { choices in
                    choices.object { choice in
                        choice.member("index", 0)
                        if format == .completions {
                            choice.member("text", "")
                        } else {
                            choice.key("message")
                            choice.object { message in
                                message.member("role", "assistant")
                                message.member("content", note)
                            }
                        }
                        choice.member("finish_reason", "length")
                        choice.member("stop_reason", reason.name)
                    }
                }
            }
        )
    }
}

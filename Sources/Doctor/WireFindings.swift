internal import CurlHTTP
internal import GenerationWire
internal import JSONBytes
internal import TerminalText

/// What is right and wrong with what an engine sends.
enum WireFindings {
    /// A stream that ran to its end.
    static func stream(_ answer: StreamedAnswer, _ probe: ProbeRequest) -> [Finding] {
        [type(answer, probe), arrival(answer), ending(answer, probe), usage(answer, probe)].compactMap(\.self)
    }

    private static func type(_ answer: StreamedAnswer, _ probe: ProbeRequest) -> Finding {
        let type = answer.response.mediaType
        let reading = answer.reading
        if type != probe.format.streamType {
            let name = type.isEmpty ? "none" : type
            return Finding(subject: "media type", verdict: .odd, text: "\(name) in place of \(probe.format.streamType)")
        }
        guard reading.unreadable == 0 else {
            let text =
                "\(type), but \(reading.unreadable.counted("event")) in it not of the format \(probe.format.rawValue)"
            return Finding(subject: "media type", verdict: .odd, text: text)
        }
        return Finding(subject: "media type", verdict: .good, text: type)
    }

    /// Whether the text comes as it is written.
    private static func arrival(_ answer: StreamedAnswer) -> Finding? {
        let reading = answer.reading
        guard let first = reading.firstAt, let last = reading.lastAt, let after = answer.firstAfter else { return nil }
        let span = last - first
        var text =
            "\(reading.deltas.counted("piece")) in \(reading.reads.counted("read")), the first after \(after.brief)"
        if let pace = reading.pace { text += ", then one every \(pace.brief)" }
        if reading.deltas >= 8, answer.duration > .milliseconds(500), span < answer.duration * 0.1 {
            text += "; all came in the last \(span.brief) of \(answer.duration.brief): something holds the stream back"
            return Finding(subject: "arrival", verdict: .bad, text: text)
        }
        return Finding(subject: "arrival", verdict: .good, text: text)
    }

    private static func ending(_ answer: StreamedAnswer, _ probe: ProbeRequest) -> Finding {
        let reading = answer.reading
        guard let reason = reading.finishReason else {
            return Finding(subject: "ending", verdict: .bad, text: "the stream ends without a finish reason")
        }
        if probe.format.hasEndMark, !reading.hasEnded {
            return Finding(subject: "ending", verdict: .odd, text: "finish reason \(reason), but no [DONE] after it")
        }
        let mark = probe.format.hasEndMark ? ", then [DONE]" : ""
        return Finding(subject: "ending", verdict: .good, text: "finish reason \(reason)\(mark)")
    }

    private static func usage(_ answer: StreamedAnswer, _ probe: ProbeRequest) -> Finding {
        let asked = probe.format.givesUsageOnRequest ? " (stream_options.include_usage)" : ""
        guard let usage = answer.reading.usage, !usage.isEstimated else {
            let text = "the stream tells no token counts\(asked); answers cut by a guard will have estimates"
            return Finding(subject: "usage", verdict: .odd, text: text)
        }
        let text =
            "\(usage.promptTokens.counted("token")) of prompt and \(usage.completionTokens) written\(asked)"
            + ", in \(answer.reading.deltas.counted("piece"))"
        if usage.completionTokens > probe.maxTokens {
            return Finding(subject: "usage", verdict: .odd, text: text + "; \(probe.maxTokens) were asked for at most")
        }
        return Finding(subject: "usage", verdict: .good, text: text)
    }

    /// An answer in one piece.
    static func whole(_ response: HTTPResponse, _ format: WireFormat) -> Finding {
        let subject = "in one piece"
        guard response.status == 200 else {
            let text = "status \(response.status): \(response.text.prefix(200))"
            return Finding(subject: subject, verdict: .bad, text: text)
        }
        let length = response.body.count.counted("byte")
        var reader = JSONReader()
        reader.skipValue(response.body.span)
        guard reader.atEnd(response.body.span), response.body.first == UInt8(ascii: "{") else {
            return Finding(subject: subject, verdict: .bad, text: "\(length) that are no JSON object")
        }
        guard response.mediaType == "application/json" else {
            let type = response.mediaType.isEmpty ? "none" : response.mediaType
            return Finding(subject: subject, verdict: .odd, text: "media type \(type) in place of application/json")
        }
        let words = ["usage", "eval_count", "tokens_predicted"]
        let hasUsage = words.contains { response.text.contains("\"\($0)\"") }
        let text = "application/json, \(length), " + (hasUsage ? "with token counts" : "without token counts")
        return Finding(subject: subject, verdict: hasUsage ? .good : .odd, text: text)
    }

    /// The second of two answers.
    static func keepAlive(_ response: HTTPResponse) -> Finding {
        response.reusedConnection
            ? Finding(subject: "keep-alive", verdict: .good, text: "a second request came over the same connection")
            : Finding(
                subject: "keep-alive",
                verdict: .odd,
                text: "it closes the connection after an answer, so every request opens one of its own"
            )
    }
}

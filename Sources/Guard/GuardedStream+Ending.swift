public import Cancellation
import GenerationWire
import JSONBytes
public import LoopDetection

/// How a guarded response ends before its time.
extension GuardedStream {
    /// Ends the stream early with an ending that the client's format allows: what is still held back of accepted calls,
    /// a note where the client has seen no text, a finish reason `length` for every choice that is still open, usage
    /// when it was asked for, and the mark that ends the stream.
    ///
    /// Returns nothing when the stream has ended already. Nothing may be received afterwards.
    public mutating func end(_ reason: EndReason) -> [UInt8] { hasEnded ? [] : writeEnding(reason.name) }

    /// Ends the stream, given the value of `stop_reason`.
    mutating func writeEnding(_ stopReason: String) -> [UInt8] {
        hasEnded = true
        isOver = true
        var output = separator
        output.append(contentsOf: releaseHeld(mayPass: acceptedOnly))
        for number in 0..<max(request.choices, choices.count) {
            if let index = choices.firstIndex(where: { $0.progress.index == number }) {
                if choices[index].progress.isFinished { continue }
                output.append(contentsOf: ending(of: index, stopReason: stopReason))
            } else if number < request.choices {
                output.append(contentsOf: format.ending(of: ChoiceProgress(index: number), because: cause(stopReason)))
            }
        }
        let usage = request.includeUsage || !format.givesUsageOnRequest ? usage : nil
        output.append(contentsOf: format.closing(usage: usage, because: cause(stopReason)))
        return output
    }

    /// An event too long to hold back that was cut in the middle: a blank line keeps it from swallowing the ending.
    private var separator: [UInt8] {
        guard endsInsideEvent else { return [] }
        return Array((isLines ? "\n" : "\n\n").utf8)
    }

    /// Bytes that keep a client waiting while nothing else can be sent: during a long prefill, and while a tool call is
    /// held back. Which ones is a matter of settings and format.
    ///
    /// Returns `nil` when there are none: they are switched off, the format has none for this moment, an event has been
    /// passed on in part, or the response has ended.
    public mutating func keepAlive() -> [UInt8]? {
        guard !isOver, !isComplete, !endsInsideEvent else { return nil }
        switch settings.keepAlive {
        case .none: return nil
        case .comment:
            guard !isLines else { return nil }
            return Array((hasSeenID ? ": keep-alive\n" : ": keep-alive\n\n").utf8)
        case .event: return format.keepAlive()
        }
    }

    /// The engine broke off in the middle. Returns an error in the client's format, which is no ending: a fault must not
    /// look like success. Returns nothing when the stream has ended already.
    public mutating func fail(_ message: String) -> [UInt8] {
        guard !hasEnded else { return [] }
        hasEnded = true
        isOver = true
        return separator + format.failure(message)
    }

    /// The ending of one choice, by a detector's conviction unless another reason is given.
    mutating func ending(of index: Int, stopReason: String? = nil) -> [UInt8] {
        var progress = choices[index].progress
        progress.isInsideThink = choices[index].isInsideThink
        progress.deltas = choices[index].deltas
        choices[index].progress.isFinished = true
        let reason = stopReason ?? conviction.map { EndReason.tripped($0.detector).name } ?? "unknown"
        return format.ending(of: progress, because: cause(reason))
    }

    private func cause(_ stopReason: String) -> EndingCause {
        EndingCause(
            stopReason: stopReason,
            runID: runID,
            note: request.jsonOutput ? nil : settings.note,
            evidence: conviction.map { $0.evidence.jsonMembers() } ?? [],
            responsesEnding: settings.responsesEnding
        )
    }

    /// The engine's counts, or an estimate: a delta is about a token, four bytes of request are about a token.
    private var usage: Usage {
        if let told = format.usage { return told }
        let deltas = choices.reduce(0) { $0 + $1.deltas }
        let promptTokens = format.promptTokens ?? (request.bodyBytes + 3) / 4
        return Usage(promptTokens: promptTokens, completionTokens: deltas, isEstimated: true)
    }
}

extension Evidence {
    /// The facts as the members of a JSON object, without braces.
    public func jsonMembers() -> [UInt8] {
        var output: [UInt8] = []
        for (name, value) in facts {
            if !output.isEmpty { output.append(UInt8(ascii: ",")) }
            JSONString.encode(name, into: &output)
            output.append(UInt8(ascii: ":"))
            switch value {
            case .integer(let number): output.append(contentsOf: String(number).utf8)
            case .number(let number): output.append(contentsOf: String(number).utf8)
            case .text(let text): JSONString.encode(text, into: &output)
            }
        }
        return output
    }
}

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
    public mutating func end(_ reason: EndReason) -> [UInt8] {
        guard !hasEnded else { return [] }
        hasEnded = true
        isOver = true
        // An event too long to hold back was cut in the middle: a blank line keeps it from swallowing the ending.
        var output: [UInt8] = endsInsideEvent ? Array("\n\n".utf8) : []
        output.append(contentsOf: releaseHeld(mayPass: acceptedOnly))
        let stopReason = reason.name
        for number in 0..<max(request.choices, choices.count) {
            if let index = choices.firstIndex(where: { $0.progress.index == number }) {
                if choices[index].progress.isFinished { continue }
                output.append(contentsOf: ending(of: index, stopReason: stopReason))
            } else if number < request.choices {
                output.append(contentsOf: format.ending(of: ChoiceProgress(index: number), because: cause(stopReason)))
            }
        }
        let usage = request.includeUsage ? usage : nil
        output.append(contentsOf: format.closing(usage: usage, because: cause(stopReason)))
        return output
    }

    /// The engine broke off in the middle. Returns an error in the client's format, which is no ending: a fault must not
    /// look like success. Returns nothing when the stream has ended already.
    public mutating func fail(_ message: String) -> [UInt8] {
        guard !hasEnded else { return [] }
        hasEnded = true
        isOver = true
        return (endsInsideEvent ? Array("\n\n".utf8) : []) + format.failure(message)
    }

    /// The ending of one choice, by a detector's conviction unless another reason is given.
    mutating func ending(of index: Int, stopReason: String? = nil) -> [UInt8] {
        var progress = choices[index].progress
        progress.isInsideThink = choices[index].isInsideThink
        choices[index].progress.isFinished = true
        let reason = stopReason ?? conviction.map { EndReason.tripped($0.detector).name } ?? "unknown"
        return format.ending(of: progress, because: cause(reason))
    }

    private func cause(_ stopReason: String) -> EndingCause {
        EndingCause(
            stopReason: stopReason,
            runID: runID,
            note: request.jsonOutput ? nil : settings.note,
            evidence: conviction.map { $0.evidence.jsonMembers() } ?? []
        )
    }

    /// The engine's counts, or an estimate: a delta is about a token, four bytes of request are about a token.
    private var usage: Usage {
        if let told = format.usage { return told }
        let deltas = choices.reduce(0) { $0 + $1.deltas }
        return Usage(promptTokens: (request.bodyBytes + 3) / 4, completionTokens: deltas, isEstimated: true)
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

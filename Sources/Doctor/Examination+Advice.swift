internal import Engines
internal import TerminalText

/// What to do about what was found.
extension Examination {
    mutating func advise(_ midStream: StopJudgement.Behaviour, _ prefill: StopJudgement.Behaviour) {
        var command = "loopguard serve --upstream \(options.url.shellQuoted)"
        if diagnosis.recognisedBy != nil { command += " --engine \(adapter.name)" }
        var advice: [String] = []
        if isGateway {
            advice.append(
                "This is a loopguard: what was measured is the engine through it. Examine the engine at its own address."
            )
        }
        let cancels = diagnosis.cancelling.contains {
            $0.verdict == .good || $0.text.contains(": taken; the stream ended ")
        }
        if takesTurns {
            command += " --max-concurrent 1"
            advice.append(
                "It takes one request at a time: with --max-concurrent 1 loopguard keeps the order, and a run that waits can be stopped."
            )
        }
        if interrupts {
            command += " --max-concurrent 1"
            advice.append(
                "One request ends another there: with --max-concurrent 1 loopguard lets each wait for its turn."
            )
        }
        if midStream == .wentOn || prefill == .wentOn {
            if takesTurns, let control {
                let seconds = Int((control.duration / .seconds(1)).rounded(.up)) + 1
                command += " --quarantine \(seconds)"
                advice.append(
                    "A run that was cut keeps its place for \(seconds) seconds, about as long as the engine went on here."
                )
            }
            advice.append(
                midStream != .wentOn
                    ? "It notices a close in the middle of a stream, but not while it reads: a cut there frees it later."
                    : cancels
                        ? "A close does not stop it, but its own way of cancelling does, and loopguard uses that by itself."
                        : """
                        Over HTTP nothing makes it stop. Set a small max_tokens in your clients, look for a newer version, or let \
                        it read loopguard's cancel board (docs/cancel-board.md).
                        """
            )
        }
        if midStream == .unknown { advice.append(howToSee) }
        if diagnosis.closing.contains(where: { $0.subject == "in one piece" && $0.verdict == .bad }) {
            advice.append(
                "Behind loopguard answers in one piece are asked for as streams, so that a stop reaches the engine."
            )
        }
        if diagnosis.wire.contains(where: { $0.subject == "arrival" && $0.verdict == .bad }) {
            advice.append("Turn off whatever buffers its streams: nobody can cut a loop that has not come yet.")
        }
        diagnosis.command = command
        diagnosis.advice = advice
    }

    /// What may help where nothing could be told.
    private var howToSee: String {
        if let control, control.reading.deltas < lasting / 2, control.reading.finishReason != "length" {
            return """
                The model ends its answer by itself after \(control.reading.deltas.counted("piece")); \
                another --model or --prompt may make it write for longer.
                """
        }
        return adapter.idleness.isEmpty
            ? "Nothing tells what it works on: leave a stream by hand and look at the use of its processor."
            : "Make its load visible (see below), or let it run longer with --max-tokens, and ask again."
    }
}

extension String {
    /// The text as one word of a shell.
    fileprivate var shellQuoted: String {
        let isPlain =
            !isEmpty && allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._~:/[]@%+=,".contains($0)) }
        return isPlain ? self : "'" + replacing("'", with: #"'\''"#) + "'"
    }
}

import Guard
import LoopDetection

/// What is asked only of recordings that would have been stopped.
extension Replayer {
    /// Follows the recording beyond the stop: how much the engine still sent, and, when it was asked for, the text
    /// around the stop and what each detector does alone.
    func lookCloser(_ run: ReplayRun) -> ReplayResult {
        var result = run.result
        let verdict = result.verdict!
        // With the detectors off the guard only counts; with their verdicts capped it also keeps the text.
        var settings = settings(run.facts)
        settings.mode = looksCloser ? .observe : .off
        var sequel = ReplayRun(run.content, run.request, run.facts, settings, file: result.file)
        if looksCloser, let place = run.stream.place(of: verdict), let stop = run.stream.recentText(at: place)?.end {
            var recent: GuardedStream.RecentText?
            while !sequel.isOver, recent?.end ?? 0 < stop + Excerpt.after {
                sequel.receive(upTo: sequel.position + 1_024)
                recent = sequel.stream.recentText(at: place)
            }
            result.excerpt = recent.map { Excerpt($0, stop: stop, verdict.evidence) }
        }
        sequel.receive(upTo: run.content.body.count)
        result.savedTokens = max(0, sequel.stream.deltas - run.stream.deltas)
        if looksCloser {
            result.alone = DetectorID.allCases.compactMap { detector in
                let alone = only(detector).replay(run.content, file: result.file)
                guard let verdict = alone.verdict, verdict.mode == .stop else { return nil }
                return .init(detector: detector.name, event: alone.event, byte: verdict.byte)
            }
        }
        return result
    }
}

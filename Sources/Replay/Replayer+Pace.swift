public import LoopDetection

/// How a replay keeps recorded time.
public struct Pace: Sendable {
    /// How many times as fast as it was recorded.
    public var speed: Double
    /// Told of every verdict at the moment at which it comes to stand: the recording, the seconds since the request was
    /// sent, the event, the verdict.
    public var announce: @Sendable (_ file: String, _ seconds: Double, _ event: Int, Verdict) -> Void

    /// Creates a pace.
    public init(
        speed: Double = 1,
        announce: @escaping @Sendable (_ file: String, _ seconds: Double, _ event: Int, Verdict) -> Void
    ) {
        self.speed = speed
        self.announce = announce
    }
}

extension Replayer {
    /// Replays one recording in recorded time. The result is that of a replay without a pace; a recording that does not
    /// say when its bytes came is an error.
    public func replay(_ recording: Recording, _ pace: Pace) async -> ReplayResult {
        let content: RecordedContent
        do throws(ReplayError) {
            content = try recording.content()
        } catch {
            return load(recording) { _ in ReplayResult(file: recording.path, format: "unknown") }
        }
        let format = BodyFormat(of: content.body)
        guard let times = content.times else {
            var result = ReplayResult(file: recording.path, format: format.name, error: Self.timeless)
            result.id = recording.line?.id
            return result
        }
        guard case .guarded(let wire) = format else {
            return load(recording) { unread($0, format, recording.path) }
        }
        var run = begin(content, wire, recording.path)
        let start = ContinuousClock.now
        for read in times.reads where !run.isOver {
            // A cancelled replay keeps no time any more.
            try? await Task.sleep(until: start + .seconds(read.seconds / pace.speed), clock: .continuous)
            let before = run.result.verdict
            run.receive(upTo: read.end, at: read.seconds)
            if let verdict = run.result.verdict, verdict != before {
                pace.announce(recording.path, read.seconds, run.result.event, verdict)
            }
        }
        var result = end(run)
        result.id = recording.line?.id
        return result
    }

    private static let timeless = """
        it does not say when its bytes came, so there is no pace to keep: bodies by themselves (.sse, .ndjson) never do; \
        replay it without --pace
        """
}

import Guard
public import LoopDetection

extension RecordedVerdict {
    /// A verdict as it is recorded.
    /// - Parameter event: The event of the stream at which it stood, from 1.
    public init(_ verdict: Verdict, event: Int) {
        self.init(
            detector: verdict.detector.name,
            mode: "\(verdict.mode)",
            channel: verdict.channel.map { "\($0)" },
            byte: verdict.byte,
            event: event,
            evidence: verdict.evidence.jsonMembers()
        )
    }
}

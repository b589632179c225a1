// CONTRACT (bodies follow): one of the two doors through which the guard uses this module.

/// All text detectors over one channel of one choice.
///
/// Feed it the decoded bytes of every delta; the verdicts depend on the bytes alone and not on how they were cut into
/// deltas (except `stutter`, which counts deltas as a backstop and never convicts before `tail_repeat` would).
public struct ChannelMonitor: Sendable {
    /// Creates a monitor.
    /// - Parameters:
    ///   - kind: The channel it listens to.
    ///   - settings: Modes and thresholds.
    ///   - jsonOutput: Whether the client asked for JSON, which pins the profile to code.
    public init(kind: ChannelKind, settings: DetectorSettings, jsonOutput: Bool) {
        self.kind = kind
    }

    /// The channel.
    public let kind: ChannelKind
    /// The bytes received so far.
    public private(set) var byteCount = 0

    /// Takes one delta in. New verdicts, if any, are appended in the order in which they came to stand; each detector
    /// speaks once per mode it reaches. The caller stops feeding after a verdict with mode `stop`.
    public mutating func receive(_ delta: Span<UInt8>, verdicts: inout [Verdict]) {
        byteCount += delta.count
    }

    /// Says that the channel has ended: the last line is complete.
    public mutating func finish(verdicts: inout [Verdict]) {}
}

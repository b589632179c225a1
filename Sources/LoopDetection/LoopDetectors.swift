import CXXHash
public import GenerationWire

// CONTRACT (bodies follow): the two doors through which the guard uses this module.

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

/// All detectors over the tool calls of one response choice, with what the conversation says about them.
public struct ToolCallMonitor: Sendable {
    /// Reads the conversation once. Costs time linear in its size.
    public init(conversation: Conversation, settings: DetectorSettings) {}

    /// Judges a call whose arguments are complete, before it is released to the client.
    public mutating func completed(name: String, arguments: Span<UInt8>, verdicts: inout [Verdict]) {}

    /// What the conversation alone already shows (warnings before the engine is asked). Mode is at most `warn`: a stop
    /// is spoken only over the next identical call.
    public func preflight() -> [Verdict] { [] }
}

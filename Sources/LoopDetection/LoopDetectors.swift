public import GenerationWire

// CONTRACT (bodies follow): the two doors through which the guard uses this module.

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

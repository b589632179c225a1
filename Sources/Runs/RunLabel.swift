/// What a person says about the recording of a run.
public enum RunLabel: Sendable, Equatable {
    /// The part of a response that loops.
    public enum Channel: String, Sendable, CaseIterable {
        /// The visible answer.
        case content
        /// The reasoning.
        case reasoning
        /// The arguments of one call.
        case arguments
        /// The calls of the response.
        case calls
    }

    /// There is no loop in it.
    case healthy
    /// It loops. `began` counts the bytes of that channel, decoded, before the loop; among calls, the calls before it.
    /// Without a channel nobody said where.
    case loop(channel: Channel?, began: Int)
}

/// What a person says about a recording: that it is healthy, or where it begins to loop.
public struct Label: Sendable, Equatable {
    /// Whether there is a loop.
    public enum Kind: String, Sendable, CaseIterable {
        case loop, healthy
    }

    /// The part of a response that loops.
    public enum Channel: String, Sendable, CaseIterable {
        /// The visible answer.
        case content
        /// The reasoning.
        case reasoning
        /// The arguments of one call.
        case arguments
        /// The calls of the response, or those of the request's messages and the next one.
        case calls
    }

    /// Whether there is a loop.
    public var kind: Kind
    /// Where the loop is; `nil` when nobody said.
    public var channel: Channel?
    /// The byte of that channel (decoded UTF-8; in arguments, of the JSON text) at which the loop begins; among calls,
    /// how many calls of the response come before it. What ``Verdict/byte`` counts.
    public var began: Int
    /// The sort of text, by which scores are told apart.
    public var group: String?

    /// Creates a label.
    public init(_ kind: Kind, channel: Channel? = nil, began: Int = 0, group: String? = nil) {
        self.kind = kind
        self.channel = channel
        self.began = began
        self.group = group
    }
}

public import JSONBytes

/// One thing that a piece of a response says, with the place of its text in the payload it was read from.
///
/// A payload (the JSON of one event) says several things at once: deltas of several choices, a finish reason, usage.
/// Events hold positions and numbers only, so reading a payload allocates nothing.
public struct WireEvent: Sendable, Equatable {
    /// What is said.
    public enum Kind: UInt8, Sendable {
        /// A choice has begun: a role was sent.
        case role
        /// Visible text.
        case content
        /// Reasoning text.
        case reasoning
        /// A fragment of a tool call: any of name, id and arguments.
        case toolCall
        /// A tool call has ended: nothing more comes of its arguments.
        case callEnd
        /// A choice has ended; `text` is the reason.
        case finish
    }

    /// Who runs a tool, and what its arguments are.
    public enum Tool: UInt8, Sendable {
        /// The client runs it; the arguments are a JSON object.
        case function
        /// The client runs it; the input is text of any kind, which only the end of the call completes.
        case custom
        /// The engine runs it: the call's arguments are read like any text, and nothing is held back.
        case server
    }

    /// What is said.
    public var kind: Kind
    /// The index of the choice it is said of.
    public var choice: Int
    /// The text: of the delta, of the arguments fragment, or the finish reason. Empty when there is none.
    public var text: JSONReader.StringToken
    /// For a tool call, its place among the calls of the choice; `nil` when the engine gives none.
    public var call: Int?
    /// For a tool call, its id when the fragment has one.
    public var id: JSONReader.StringToken?
    /// For a tool call, the tool's name when the fragment has one.
    public var name: JSONReader.StringToken?
    /// For a tool call, what kind of tool it is of; told where the call begins.
    public var tool = Tool.function
    /// For a tool call, whether it begins here even when an earlier one had the same index or id.
    public var isNewCall = false
    /// For a tool call, whether the text is all of the arguments once more: it counts only when none came before.
    public var isRepetition = false
    /// Set by the guard: whether the text shows the reader anything but whitespace.
    public var isVisible = false
    /// Set by the guard: for a tool call, its place among the calls of the choice that the guard knows.
    public var place: Int?

    /// Creates an event.
    public init(_ kind: Kind, choice: Int, text: JSONReader.StringToken = .none) {
        self.kind = kind
        self.choice = choice
        self.text = text
    }
}

extension JSONReader.StringToken {
    /// A token of no text.
    public static let none = JSONReader.StringToken(range: 0..<0, isEscaped: false)
}

/// Token counts as the engine tells them.
public struct Usage: Sendable, Equatable {
    /// Tokens of the prompt.
    public var promptTokens: Int
    /// Tokens generated.
    public var completionTokens: Int
    /// Whether the numbers are an estimate of ours and not the engine's.
    public var isEstimated: Bool

    /// Creates counts.
    public init(promptTokens: Int, completionTokens: Int, isEstimated: Bool) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.isEstimated = isEstimated
    }
}

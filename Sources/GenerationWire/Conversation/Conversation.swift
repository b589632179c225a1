/// What a request tells about the turns before it, in a form that no longer depends on the wire format.
///
/// Detectors that look across turns (`history_repeat`, `permanent_failure`) work on this alone: it is rebuilt from
/// every request, so nothing has to be remembered between requests.
public struct Conversation: Sendable, Equatable {
    /// One round for each assistant message that called tools, oldest first.
    public var rounds: [Round]
    /// How many genuine user messages the request holds. Messages that only carry tool results do not count.
    public var userTurns: Int
    /// The names of the tools that the request offers; empty when it offers none or does not say.
    public var offeredTools: Set<String>

    /// Creates a conversation; without arguments, one with no past.
    public init(rounds: [Round] = [], userTurns: Int = 0, offeredTools: Set<String> = []) {
        self.rounds = rounds
        self.userTurns = userTurns
        self.offeredTools = offeredTools
    }

    /// The tool calls of one assistant message with the results that came back.
    public struct Round: Sendable, Equatable {
        /// The calls in the order the model made them.
        public var calls: [PastCall]
        /// The number of genuine user messages before this round: rounds of the present turn carry `userTurns`.
        public var turn: Int

        /// Creates a round.
        public init(calls: [PastCall], turn: Int) {
            self.calls = calls
            self.turn = turn
        }
    }

    /// A tool call that the model made in an earlier response.
    public struct PastCall: Sendable, Equatable {
        /// The name of the tool.
        public var name: String
        /// The arguments as the request carries them, decoded to UTF-8: JSON text when all is well.
        public var arguments: [UInt8]
        /// What the tool answered; `nil` when the request holds no result for this call.
        public var result: PastResult?

        /// Creates a past call.
        public init(name: String, arguments: [UInt8], result: PastResult? = nil) {
            self.name = name
            self.arguments = arguments
            self.result = result
        }
    }

    /// The answer of a tool.
    public struct PastResult: Sendable, Equatable {
        /// The text of the result, decoded to UTF-8; the parts of a list joined by newlines.
        public var text: [UInt8]
        /// What the format says about failure; `nil` where it has no such field (OpenAI chat has none).
        public var isError: Bool?
        /// The index of the message that held the result, for evidence.
        public var message: Int

        /// Creates a result.
        public init(text: [UInt8], isError: Bool? = nil, message: Int = 0) {
            self.text = text
            self.isError = isError
            self.message = message
        }
    }
}

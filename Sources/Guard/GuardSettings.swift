public import GenerationWire
public import LoopDetection

/// Everything the rules decide about one run.
public struct GuardSettings: Sendable, Equatable {
    /// The master switch. When false the stream passes byte for byte and nothing is looked at.
    public var enabled = true
    /// A ceiling over every detector's mode: `warn` here means that nothing is ever stopped.
    public var mode = Mode.stop
    /// What happens to tool calls while they are incomplete.
    public var toolCalls = ToolCallPolicy.hold
    /// The text sent to the client when a run is ended before any visible text; `nil` for none.
    public var note: String? = "[loopguard: generation stopped]"
    /// How a response in OpenAI's Responses format is ended early.
    public var responsesEnding = ResponsesEnding.incomplete
    /// What is sent while nothing else can be: during a long prefill, and while a tool call is held back.
    public var keepAlive = KeepAlive.none
    /// What to do when the engine says `tool_calls` over a call that is cut in the middle.
    public var truncatedCalls = TruncatedCallPolicy.pass
    /// What happens to requests for an answer in one piece.
    public var nonStreaming = NonStreamingPolicy.aggregate
    /// What happens when the conversation in a request already is a loop.
    public var history = HistoryPolicy.refuse
    /// The longest event, in bytes, that is held back until it is whole; a longer one passes unread and is counted.
    public var maxEventBytes = 2 * 1_048_576
    /// The most bytes of a tool call that are held back; a longer call is ended by `argument_repeat`, or passes unheld
    /// when that detector does not stop.
    public var maxHeldBytes = 8 * 1_048_576
    /// The detectors.
    public var detectors = DetectorSettings()

    /// The shipped settings.
    public init() {}

    /// What happens to tool calls while they are incomplete.
    public enum ToolCallPolicy: Sendable, Equatable {
        /// Held back until complete and judged, then released in their original fragments. Clients execute what they
        /// get, even a call that was cut.
        case hold
        /// Passed on as they come, for clients that show arguments while they are typed. A cut call cannot be taken
        /// back.
        case stream
    }

    /// What is sent while nothing else can be. What the format does not have is not sent.
    public enum KeepAlive: Sendable, Equatable {
        /// Nothing.
        case none
        /// The comment `: keep-alive`. Streams of lines (Ollama) have no comments.
        case comment
        /// An event of the format that says nothing: `ping` in Anthropic Messages, `response.in_progress` again in
        /// Responses, a chunk or line without text in chat completions and Ollama. Codex counts events and no comments.
        case event
    }

    /// What to do when the engine says `tool_calls` over a call that is cut in the middle.
    public enum TruncatedCallPolicy: Sendable, Equatable {
        /// Pass the engine's bytes.
        case pass
        /// Drop the cut call and end with `length`.
        case drop
    }

    /// What happens to requests for an answer in one piece.
    public enum NonStreamingPolicy: Sendable, Equatable {
        /// The engine is asked for a stream, which is guarded and put together into the answer.
        case aggregate
        /// The request and its answer pass as they are, unguarded.
        case pass
    }

    /// What happens when the conversation in a request already is a loop.
    public enum HistoryPolicy: Sendable, Equatable {
        /// The engine is not asked when the past alone convicts: the client is answered with the note.
        case answer
        /// The engine is asked; the call that would go on with the loop is not released.
        case refuse
    }
}

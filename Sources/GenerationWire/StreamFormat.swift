public import ServerSentEvents

/// What the guard needs to know of a wire format: how to read a response, and how to end one early.
///
/// A format is a value that tracks what the engine's stream looks like (ids, model, the engine's dialect), so that an
/// ending continues it. What has been passed on the guard tells it as ``ChoiceProgress``; formats whose endings must know
/// more, such as the blocks still open, are also told of every payload that passes and of every one that is dropped.
public protocol StreamFormat: Sendable {
    /// Reads the payload of one event and appends what it says to `events`.
    /// - Returns: What the payload is as a whole; `.unreadable` leaves `events` as it was.
    mutating func read(_ payload: borrowing Span<UInt8>, into events: inout [WireEvent]) -> PayloadKind

    /// How events are told apart.
    var framing: Framing { get }

    /// Whether a response may have several choices that end one by one, as OpenAI's two completion formats have.
    var hasChoices: Bool { get }

    /// Whether ``pass(_:justRead:)`` and ``drop(_:)`` must be called.
    var tracksPassing: Bool { get }

    /// Notes that a payload goes out to the client.
    /// - Parameter justRead: Whether it is the payload that was read last.
    /// - Returns: The payload as it must read when the client has seen fewer or more events than the engine has sent, so
    ///   that numbers stay without gaps; `nil` when it goes as it came.
    mutating func pass(_ payload: borrowing Span<UInt8>, justRead: Bool) -> [UInt8]?

    /// Notes that a payload that was held back never goes out.
    mutating func drop(_ payload: borrowing Span<UInt8>)

    /// Token counts, as far as the engine has told them.
    var usage: Usage? { get }

    /// The tokens of the prompt when the engine has told these alone.
    var promptTokens: Int? { get }

    /// Whether counts belong into an ending only when the client asked for them.
    var givesUsageOnRequest: Bool { get }

    /// The bytes that end one choice early.
    mutating func ending(of choice: ChoiceProgress, because: EndingCause) -> [UInt8]

    /// The bytes that end the whole response after every choice has ended.
    mutating func closing(usage: Usage?, because: EndingCause?) -> [UInt8]

    /// An error in the format's own shape, for a fault after the response has begun.
    mutating func failure(_ message: String) -> [UInt8]

    /// An event that says nothing, for a client that waits; `nil` where the format has none for this moment.
    mutating func keepAlive() -> [UInt8]?
}

extension StreamFormat {
    public var framing: Framing { .events }
    public var hasChoices: Bool { false }
    public var tracksPassing: Bool { false }
    public func pass(_ payload: borrowing Span<UInt8>, justRead: Bool) -> [UInt8]? { nil }
    public func drop(_ payload: borrowing Span<UInt8>) {}
    public var promptTokens: Int? { nil }
    public var givesUsageOnRequest: Bool { false }
    public func keepAlive() -> [UInt8]? { nil }
}

/// What the payload of an event is as a whole.
public enum PayloadKind: Sendable, Equatable {
    /// A chunk of the response.
    case chunk
    /// The mark that ends the response.
    case done
    /// An error that the engine sends in the stream.
    case error
    /// Something else; it passes unread.
    case unreadable
}

/// What of one choice has been passed on to the client.
public struct ChoiceProgress: Sendable, Equatable {
    /// The choice's index.
    public var index: Int
    /// Whether a role was sent.
    public var hasRole = false
    /// Whether any text that a reader sees was sent.
    public var hasVisibleText = false
    /// Whether the text sent so far ends inside a `<think>` that is still open.
    public var isInsideThink = false
    /// Whether a finish reason was sent.
    public var isFinished = false
    /// How many deltas the engine has sent: about as many tokens.
    public var deltas = 0

    /// A choice of which nothing was sent.
    public init(index: Int) { self.index = index }
}

/// Why and how a response is ended early.
public struct EndingCause: Sendable, Equatable {
    /// The value of `stop_reason`, such as `guard:tail_repeat`.
    public var stopReason: String
    /// The run's id.
    public var runID: String
    /// The text for a choice that has shown none; `nil` for none.
    public var note: String?
    /// The facts behind a verdict as the members of a JSON object, without braces; empty when there are none.
    public var evidence: [UInt8]
    /// How a response in the Responses format ends.
    public var responsesEnding: ResponsesEnding

    /// Creates a cause.
    public init(
        stopReason: String,
        runID: String,
        note: String? = nil,
        evidence: [UInt8] = [],
        responsesEnding: ResponsesEnding = .incomplete
    ) {
        self.stopReason = stopReason
        self.runID = runID
        self.note = note
        self.evidence = evidence
        self.responsesEnding = responsesEnding
    }
}

/// How a response in OpenAI's Responses format is ended early.
public enum ResponsesEnding: Sendable, Equatable {
    /// `response.incomplete`, as OpenAI ends a response at its token limit. Codex retries after it, and the helpers of
    /// `openai-python` raise.
    case incomplete
    /// `response.completed` whose `status` is `incomplete`: outside the specification, and what those clients accept.
    case completed
}

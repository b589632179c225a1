public import GenerationWire
import JSONBytes
public import LoopDetection
import ServerSentEvents

/// One guarded response: bytes in, bytes and effects out. No I/O, no clock.
///
/// The gateway, the replayer, the tests and the fuzzer all run this very type. A stream that no detector convicts leaves
/// exactly as it came: only whole events are passed on, and events that carry an incomplete tool call wait until the call
/// is complete and judged, but the bytes and their order stay the same.
public struct GuardedStream: Sendable {
    /// What one read led to.
    public struct Outcome: Sendable {
        /// What to write to the client.
        public var forward = Forward.unchanged
        /// New verdicts, in order; empty nearly always.
        public var verdicts: [Verdict] = []
        /// The verdict that ends the run, when one does.
        public var trip: Verdict?
    }

    /// What to write to the client.
    public enum Forward: Sendable, Equatable {
        /// Exactly the bytes that were received.
        case unchanged
        /// These bytes instead; often a part of what was received.
        case bytes([UInt8])
    }

    /// What the conversation in the request already shows; warnings at most.
    public let preflight: [Verdict]
    /// Events that passed unread because they were too long, or that could not be understood.
    public internal(set) var unreadEvents = 0
    /// Events received so far, keep-alives included.
    public internal(set) var events = 0

    let request: GenerationRequest
    let settings: GuardSettings
    let runID: String
    let tools: ToolCallMonitor
    var format: any StreamFormat
    var choices: [ChoiceGuard] = []
    var held = HeldEvents()
    /// Whether incomplete tool calls are held back.
    var holdsCalls: Bool
    /// The verdict that has stopped a choice, the first one.
    var conviction: Verdict?
    /// Whether nothing more is passed on of what the engine sends.
    var isOver = false
    /// Whether an ending or an error of ours was given out.
    var hasEnded = false
    /// What the event at hand says; kept to save its storage.
    var says: [WireEvent] = []
    /// Verdicts not yet dealt with; kept to save its storage.
    var found: [Verdict] = []

    private var splitter = EventSplitter()
    private var joinedData: [UInt8] = []
    /// The beginning of an event whose end has not come.
    private var partial: [UInt8] = []
    /// Whether the event that is coming in is too long to be held back and passes as it comes.
    private var isPassingLongEvent = false

    /// Creates the guard of one response.
    /// - Parameters:
    ///   - request: The facts of the request.
    ///   - settings: What the rules decide about this run.
    ///   - runID: The run's id, for the ending.
    ///   - created: The time in Unix seconds, for an ending before the engine's first chunk.
    public init(request: GenerationRequest, settings: GuardSettings, runID: String, created: Int = 0) {
        var settings = settings
        if !settings.enabled { settings.mode = .off }
        if settings.mode < .stop { settings.detectors = settings.detectors.capped(at: settings.mode) }
        self.request = request
        self.settings = settings
        self.runID = runID
        holdsCalls = settings.toolCalls == .hold && settings.mode > .off
        format = request.format.makeStream(id: runID, created: created, model: request.model)
        tools = ToolCallMonitor(conversation: request.conversation, settings: settings.detectors)
        preflight = tools.preflight()
    }

    /// Whether the engine's own finish reason has been passed on for every choice.
    public var isComplete: Bool {
        choices.count >= request.choices && choices.allSatisfy { $0.progress.isFinished }
    }

    /// Whether the bytes passed on end in the middle of an event.
    var endsInsideEvent: Bool { isPassingLongEvent }

    // MARK: - Receiving

    /// Takes the bytes of one read from the engine.
    ///
    /// Returns the bytes to write to the client and what was found. When `outcome.trip` is set, the caller decides by
    /// compare-and-swap whether this is what ends the run and then calls ``end(_:)``; whatever is received after a trip
    /// is dropped.
    public mutating func receive(_ bytes: borrowing Span<UInt8>) -> Outcome {
        var outcome = Outcome()
        guard !isOver else {
            outcome.forward = .bytes([])
            return outcome
        }
        if partial.isEmpty {
            let processed = process(bytes, scanned: 0, &outcome)
            outcome.forward = keepRest(of: bytes, after: processed)
            return outcome
        }
        var whole: [UInt8] = []
        swap(&whole, &partial)
        let scanned = whole.count
        bytes.append(0..<bytes.count, to: &whole)
        let processed = process(whole.span, scanned: scanned, &outcome)
        if processed.consumed == 0, whole.count <= settings.maxEventBytes {
            // Still no end in sight: the buffer goes back without a copy, so that tiny reads stay cheap.
            swap(&whole, &partial)
            outcome.forward = .bytes([])
            return outcome
        }
        let forward = keepRest(of: whole.span, after: processed)
        outcome.forward = forward == .unchanged ? .bytes(whole) : forward
        return outcome
    }

    /// The engine's response is complete. Returns what was still held back, an unfinished event included.
    public mutating func finish() -> Outcome {
        var outcome = Outcome(forward: .bytes([]))
        guard !isOver else { return outcome }
        closeChoices(&outcome)
        guard outcome.trip == nil else { return outcome }
        var output = releaseHeld()
        output.append(contentsOf: partial)
        partial = []
        isOver = true
        outcome.forward = .bytes(output)
        return outcome
    }

    // MARK: - Events out of bytes

    /// What became of the whole events in some bytes.
    private struct Processed {
        /// How many bytes they make up.
        var consumed = 0
        /// What to pass on; `nil` when it is exactly those bytes.
        var bytes: [UInt8]?
    }

    /// Deals with the whole events in `bytes`, of which the first `scanned` were searched before.
    private mutating func process(
        _ bytes: borrowing Span<UInt8>,
        scanned: Int,
        _ outcome: inout Outcome
    ) -> Processed {
        var result = Processed()
        var index = scanned
        while splitter.advance(&index, in: bytes) {
            let event = result.consumed..<index
            let decision =
                isPassingLongEvent ? Decision.pass : decide(bytes.extracting(event), &outcome)
            isPassingLongEvent = false
            if decision != .pass, result.bytes == nil { result.bytes = bytes.copy(0..<event.lowerBound) }
            switch decision {
            case .pass: if result.bytes != nil { bytes.append(event, to: &result.bytes!) }
            case .drop: break
            case .replace(let replacement): result.bytes?.append(contentsOf: replacement)
            }
            result.consumed = index
            if outcome.trip != nil {
                isOver = true
                if result.bytes == nil { result.bytes = bytes.copy(0..<index) }
                result.consumed = bytes.count
                break
            }
        }
        return result
    }

    /// Keeps what follows the last whole event, or lets it pass when it has grown too long to keep.
    private mutating func keepRest(of bytes: borrowing Span<UInt8>, after processed: Processed) -> Forward {
        let rest = processed.consumed..<bytes.count
        if rest.isEmpty { return processed.bytes.map { .bytes($0) } ?? .unchanged }
        var passed = processed.bytes ?? bytes.copy(0..<processed.consumed)
        if !isPassingLongEvent, rest.count > settings.maxEventBytes {
            isPassingLongEvent = true
            unreadEvents += 1
            passed.append(contentsOf: releaseHeld())
        }
        if isPassingLongEvent {
            bytes.append(rest, to: &passed)
        } else {
            bytes.append(rest, to: &partial)
        }
        return .bytes(passed)
    }

    private mutating func decide(_ event: borrowing Span<UInt8>, _ outcome: inout Outcome) -> Decision {
        events += 1
        says.removeAll(keepingCapacity: true)
        switch EventFields(event, joined: &joinedData).data {
        case .none:
            return passOrHold(event)
        case .line(let range):
            return decide(event, payload: event.extracting(range), at: range.lowerBound, &outcome)
        case .joined:
            var data: [UInt8] = []
            swap(&data, &joinedData)
            let decision = decide(event, payload: data.span, at: nil, &outcome)
            swap(&data, &joinedData)
            return decision
        }
    }
}

/// What happens to one event.
enum Decision: Equatable {
    /// It is passed on as it came.
    case pass
    /// It is not passed on, or not yet.
    case drop
    /// These bytes are passed on in its place.
    case replace([UInt8])
}

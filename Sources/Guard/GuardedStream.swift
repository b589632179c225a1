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
        /// How many events were received so far, keep-alives included.
        public var events = 0
        /// Whether the engine's own finish reason has been passed on for every choice.
        public var isComplete = false
    }

    /// What to write to the client.
    public enum Forward: Sendable, Equatable {
        /// Exactly the bytes that were received.
        case unchanged
        /// These bytes instead.
        case bytes([UInt8])
        /// These bytes, most of them held back before, and then this range of the bytes received.
        case joined([UInt8], Range<Int>)

        /// The bytes to write, given those that were received.
        public func bytes(of received: borrowing Span<UInt8>) -> [UInt8] {
            switch self {
            case .unchanged: return received.copy(0..<received.count)
            case .bytes(let bytes): return bytes
            case .joined(var bytes, let range):
                received.append(range, to: &bytes)
                return bytes
            }
        }
    }

    /// What the conversation in the request already shows: warnings at most, unless the rules say that a loop there is to
    /// be answered without the engine.
    public let preflight: [Verdict]
    /// The verdicts that stopped a choice, by the choice's index.
    public private(set) var convictions: [Int: Verdict] = [:]
    /// Events that passed unread because they were too long, or that could not be understood.
    public internal(set) var unreadEvents = 0
    /// Events received so far, keep-alives included.
    public internal(set) var events = 0

    let request: GenerationRequest
    let settings: GuardSettings
    let runID: String
    let tools: ToolCallMonitor
    var format: any StreamFormat
    /// Whether every line is an event.
    let isLines: Bool
    /// Whether the format is told what passes.
    let tracksPassing: Bool
    var choices: [ChoiceGuard] = []
    var held = HeldEvents()
    /// Whether incomplete tool calls are held back.
    var holdsCalls: Bool
    /// The verdict that has stopped a choice, the first one.
    var conviction: Verdict?
    /// Whether an `id:` field has come: clients keep it and take a comment with a blank line for an empty event.
    var hasSeenID = false
    /// Whether nothing more is passed on of what the engine sends.
    var isOver = false
    /// Whether an ending or an error of ours was given out.
    var hasEnded = false
    /// What the event at hand says; kept to save its storage.
    var says: [WireEvent] = []
    /// Verdicts not yet dealt with; kept to save its storage.
    var found: [Verdict] = []

    private var splitter: EventSplitter
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
        var (request, settings) = (request, settings)
        if !settings.enabled { settings.mode = .off }
        if settings.mode < .stop { settings.detectors = settings.detectors.capped(at: settings.mode) }
        format = request.format.makeStream(id: runID, created: created, model: request.model)
        if !format.hasChoices { request.choices = 1 }
        isLines = format.framing == .lines
        tracksPassing = format.tracksPassing
        splitter = EventSplitter(framing: format.framing)
        self.request = request
        self.settings = settings
        self.runID = runID
        holdsCalls = settings.toolCalls == .hold && settings.mode > .off
        tools = ToolCallMonitor(conversation: request.conversation, settings: settings.detectors)
        preflight = tools.preflight(upTo: settings.history == .answer ? .stop : .warn)
        conviction = preflight.first { $0.mode == .stop }
        isOver = conviction != nil
    }

    /// Notes that a verdict has stopped a choice; the first one is what the run ends by.
    mutating func convict(_ choice: Int, _ verdict: Verdict) {
        conviction = conviction ?? verdict
        convictions[choice] = convictions[choice] ?? verdict
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
            outcome.isComplete = isComplete
            return outcome
        }
        var reading = Reading()
        if !partial.isEmpty, !finishPartial(bytes, &reading, &outcome) {
            outcome.forward = .bytes(partial.count > settings.maxEventBytes ? passPartial() : [])
            return outcome
        }
        while !isOver, splitter.advance(&reading.index, in: bytes) { take(bytes, &reading, &outcome) }
        if !isOver { keepRest(of: bytes, &reading) }
        outcome.forward = reading.forward(of: bytes)
        outcome.events = events
        outcome.isComplete = isComplete
        return outcome
    }

    /// The engine's response is complete. Returns what was still held back, an unfinished event included.
    public mutating func finish() -> Outcome {
        var outcome = Outcome(forward: .bytes([]))
        guard !isOver else { return outcome }
        let last = isLines ? takeLastLine(&outcome) : []
        if outcome.trip == nil { closeChoices(&outcome) }
        guard outcome.trip == nil else {
            outcome.forward = .bytes(last)
            return outcome
        }
        var output = last + releaseHeld()
        output.append(contentsOf: partial)
        partial = []
        isOver = true
        outcome.forward = .bytes(output)
        return outcome
    }

    // MARK: - Events out of bytes

    /// How far the bytes of one read are dealt with, and what goes out of them.
    private struct Reading {
        /// Where the splitter stands.
        var index = 0
        /// What goes out in front of the bytes that pass as they are.
        var head: [UInt8] = []
        /// The bytes that pass as they are; they follow the head.
        var passed = 0..<0
        /// What goes out instead of both, once an event was not passed as it came.
        var output: [UInt8]?

        func forward(of bytes: borrowing Span<UInt8>) -> Forward {
            if let output { return .bytes(output) }
            if passed.isEmpty { return .bytes(head) }
            if head.isEmpty, passed == 0..<bytes.count { return .unchanged }
            return .joined(head, passed)
        }

        /// Passes the next bytes as they are.
        mutating func pass(_ bytes: borrowing Span<UInt8>, upTo end: Int) {
            if output != nil { bytes.append(passed.upperBound..<end, to: &output!) }
            passed = passed.lowerBound..<end
        }

        /// Lets the next bytes out as something else.
        mutating func replace(_ bytes: borrowing Span<UInt8>, upTo end: Int, by replacement: [UInt8]) {
            if output == nil {
                output = head
                bytes.append(passed, to: &output!)
            }
            output?.append(contentsOf: replacement)
            passed = passed.lowerBound..<end
        }
    }

    /// Deals with the event that ends at the splitter's place.
    private mutating func take(_ bytes: borrowing Span<UInt8>, _ reading: inout Reading, _ outcome: inout Outcome) {
        let event = reading.passed.upperBound..<reading.index
        let decision = isPassingLongEvent ? Decision.pass : decide(bytes.extracting(event), &outcome)
        isPassingLongEvent = false
        switch decision {
        case .pass: reading.pass(bytes, upTo: reading.index)
        case .drop: reading.replace(bytes, upTo: reading.index, by: [])
        case .replace(let replacement): reading.replace(bytes, upTo: reading.index, by: replacement)
        }
        if outcome.trip != nil { isOver = true }
    }

    /// Deals with the event that began in earlier reads; false when it does not end in this one either. Only this event
    /// is copied together: the rest of the read stays where it is.
    private mutating func finishPartial(
        _ bytes: borrowing Span<UInt8>,
        _ reading: inout Reading,
        _ outcome: inout Outcome
    ) -> Bool {
        guard splitter.advance(&reading.index, in: bytes) else {
            bytes.append(0..<bytes.count, to: &partial)
            return false
        }
        var event: [UInt8] = []
        swap(&event, &partial)
        bytes.append(0..<reading.index, to: &event)
        switch decide(event.span, &outcome) {
        case .pass: reading.head = event
        case .drop: break
        case .replace(let replacement): reading.head = replacement
        }
        reading.passed = reading.index..<reading.index
        if outcome.trip != nil { isOver = true }
        return true
    }

    /// Keeps what follows the last whole event, or lets it pass when it has grown too long to keep.
    private mutating func keepRest(of bytes: borrowing Span<UInt8>, _ reading: inout Reading) {
        let rest = reading.passed.upperBound..<bytes.count
        if isPassingLongEvent {
            reading.pass(bytes, upTo: rest.upperBound)
        } else {
            bytes.append(rest, to: &partial)
            if partial.count > settings.maxEventBytes {
                reading.replace(bytes, upTo: rest.upperBound, by: passPartial())
            }
        }
    }

    /// A last line needs no line end: it is read like the others.
    private mutating func takeLastLine(_ outcome: inout Outcome) -> [UInt8] {
        guard !partial.isEmpty, !isPassingLongEvent else { return [] }
        var line: [UInt8] = []
        swap(&line, &partial)
        switch decide(line.span, &outcome) {
        case .pass: return line
        case .drop: return []
        case .replace(let replacement): return replacement
        }
    }

    /// Lets an event go that has grown too long to keep; what is still to come of it passes as it comes.
    private mutating func passPartial() -> [UInt8] {
        isPassingLongEvent = true
        unreadEvents += 1
        let output = releaseHeld() + partial
        partial = []
        return output
    }

    private mutating func decide(_ event: borrowing Span<UInt8>, _ outcome: inout Outcome) -> Decision {
        events += 1
        says.removeAll(keepingCapacity: true)
        let fields = isLines ? EventFields(line: event) : EventFields(event, joined: &joinedData)
        hasSeenID = hasSeenID || fields.hasID
        switch fields.data {
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

public import Cancellation
public import Guard
public import LoopDetection
public import RunIdentity
public import Synchronization

/// One generation on its way from the engine to a client, as the rest of the process sees it: its identity, its state
/// and its figures.
///
/// The figures are written by the run's own event loop and read from anywhere.
public final class Run: Sendable {
    /// What is known of a run when it begins.
    public struct Facts: Sendable, Equatable {
        /// The format it is spoken in, by the name that metrics use, such as `chat_completions`.
        public var kind: String
        /// The path of the request.
        public var path: String
        /// The model asked for; empty when the request names none.
        public var model: String
        /// The client as it calls itself in `User-Agent`.
        public var client: String?
        /// The most tokens that were asked for.
        public var maxTokens: Int?

        /// The facts of one request.
        public init(kind: String, path: String, model: String = "", client: String? = nil, maxTokens: Int? = nil) {
            self.kind = kind
            self.path = path
            self.model = model
            self.client = client
            self.maxTokens = maxTokens
        }
    }

    /// The id that names the run everywhere: the client's own, or 128 random bits, since knowing it is enough to cancel.
    public let id: String
    /// Whose run it is, and where in which tree.
    public let identity: RunIdentity
    /// Where it stands.
    public let state: RunState
    /// What is known since its beginning.
    public let facts: Facts
    /// When it began, in Unix seconds.
    public let started: Double
    /// When it began, in nanoseconds of a clock that never goes back.
    public let startedAt: UInt64
    /// How far it has come.
    public let figures = Figures()

    private let driver: any RunDriver
    private let notes = Mutex(Notes())
    private static let generations = Atomic<UInt64>(1)

    /// A queued run.
    /// - Parameters:
    ///   - started: The time in Unix seconds.
    ///   - startedAt: The same moment in nanoseconds of a clock that never goes back.
    ///   - driver: Carries out what is decided about the run.
    public init(identity: RunIdentity, facts: Facts, started: Double, startedAt: UInt64, driver: any RunDriver) {
        id = identity.runID ?? Self.randomID()
        self.identity = identity
        state = RunState(generation: Self.generations.wrappingAdd(1, ordering: .relaxed).oldValue)
        self.facts = facts
        self.started = started
        self.startedAt = startedAt
        self.driver = driver
    }

    private static func randomID() -> String {
        var random = SystemRandomNumberGenerator()
        return "run_" + hexadecimal(random.next()) + hexadecimal(random.next())
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// A number for people who look at the cancel board: the beginning of a random id.
    public var hash: UInt64 { UInt64(id.dropFirst(4).prefix(16), radix: 16) ?? state.current.generation }

    // MARK: Ending

    /// Ends the run from any thread. Whoever wins has the effects carried out where the run lives.
    /// - Parameters:
    ///   - source: Who asks, in a word; kept when this call decides it.
    ///   - done: Called with what came of it once the client's ending is written and the engine is told, or at once when
    ///     there is nothing to carry out.
    public func requestEnd(
        _ reason: EndReason,
        source: String? = nil,
        then done: @escaping @Sendable (RunState.StopResult) -> Void = { _ in }
    ) {
        let result = state.stop(reason)
        if result == .won {
            notes.withLock { $0.source = source }
            driver.carryOut(reason) { done(.won) }
        } else {
            if case .alreadyStopping = result { notes.withLock { $0.duplicates += 1 } }
            done(result)
        }
    }

    /// Asks for the last text of the run, which may come from another thread.
    public func text(_ answer: @escaping @Sendable (StreamText?) -> Void) {
        if let kept = notes.withLock({ $0.text }) { answer(kept) } else { driver.text(answer) }
    }

    // MARK: What was noted

    private struct Notes {
        var source: String?
        var duplicates = 0
        var verdict: Verdict?
        var warnings: [Verdict] = []
        var confirmation: Confirmation?
        var upstreamID: String?
        var text: StreamText?
        var endedAt: UInt64?
        var place: Place?
        var recording = Recording.none
        var label: RunLabel?
    }

    private enum Recording { case none, kept, lost }

    /// Where a run stands in its tree.
    struct Place {
        var key: NodeKey
        /// The run that started it.
        var parent: String?
    }

    /// Where the run stands; set when it is admitted.
    var place: Place {
        get { notes.withLock { $0.place } ?? Place(key: identity.key(run: id)) }
        set { notes.withLock { $0.place = newValue } }
    }

    /// The warnings that are kept of one run.
    public static let keptWarnings = 8

    /// What a detector found. It ended the run only if the state's reason says so.
    public var verdict: Verdict? {
        get { notes.withLock { $0.verdict } }
        set { notes.withLock { $0.verdict = newValue } }
    }

    /// What detectors found that were not to stop the run.
    public var warnings: [Verdict] { notes.withLock { $0.warnings } }

    /// Notes what a detector found that was not to stop the run.
    public func warn(_ verdict: Verdict) {
        notes.withLock { if $0.warnings.count < Self.keptWarnings { $0.warnings.append(verdict) } }
    }

    /// What is known of the engine's end of a run that was ended; `nil` when it was not told.
    public var confirmation: Confirmation? {
        get { notes.withLock { $0.confirmation } }
        set { notes.withLock { $0.confirmation = newValue } }
    }

    /// The id that the engine gave the run.
    public var upstreamID: String? {
        get { notes.withLock { $0.upstreamID } }
        set { notes.withLock { $0.upstreamID = newValue } }
    }

    /// Who ended the run, in a word, and how often it was asked for again.
    public var cancel: (source: String?, duplicates: Int) { notes.withLock { ($0.source, $0.duplicates) } }

    /// When the run came to rest, in nanoseconds of a clock that never goes back; `nil` before.
    public var endedAt: UInt64? { notes.withLock { $0.endedAt } }

    /// Whether the run is being recorded, or was: not when its recording was given up.
    public var isRecorded: Bool { notes.withLock { $0.recording == .kept } }

    /// The run is recorded from now on. What was given up before stays so.
    public func noteRecording() { notes.withLock { if $0.recording == .none { $0.recording = .kept } } }

    /// The recording of the run was given up.
    public func noteLostRecording() { notes.withLock { $0.recording = .lost } }

    /// What was last said about the run's recording, as far as it was said here.
    public var label: RunLabel? {
        get { notes.withLock { $0.label } }
        set { notes.withLock { $0.label = newValue } }
    }

    /// The last text, kept when the run lets go of its stream.
    public func keep(_ text: StreamText?) { notes.withLock { $0.text = text } }

    /// The run has come to rest.
    /// - Returns: Whether this is the first call.
    func conclude(at now: UInt64) -> Bool {
        notes.withLock { notes in
            guard notes.endedAt == nil else { return false }
            notes.endedAt = now
            return true
        }
    }

    /// Figures of a run; nanoseconds are counted from its start.
    public final class Figures: Sendable {
        /// Bytes of the engine's answer.
        public let bytes = Atomic<Int>(0)
        /// Events of the stream, keep-alives included.
        public let events = Atomic<Int>(0)
        /// Pieces of text and calls that the engine sent: most engines send one for a token.
        public let tokens = Atomic<Int>(0)
        /// From the request to the first byte of the answer; 0 before.
        public let firstByteNanoseconds = Atomic<Int64>(0)
        /// From the request to the end; 0 before.
        public let durationNanoseconds = Atomic<Int64>(0)
        /// The status that the client was answered with; 0 before.
        public let status = Atomic<Int>(0)
    }
}

/// Carries out what is decided about a run, where the run lives.
public protocol RunDriver: Sendable {
    /// Ends the run: the client's ending, then the engine. Calls `done` once that is written, from any thread.
    func carryOut(_ reason: EndReason, then done: @escaping @Sendable () -> Void)
    /// Answers with the last text of the run, from any thread; `nil` when nobody reads it.
    func text(_ answer: @escaping @Sendable (StreamText?) -> Void)
}

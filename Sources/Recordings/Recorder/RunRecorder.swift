public import CoreMetrics
import Dispatch
import Foundation
public import Logging
import Synchronization

/// Records runs on a thread of its own. Whoever hands something over never waits: when the queue is full the run is given
/// up, since a recording with holes is worse than none, and counted.
public final class RunRecorder: Sendable {
    private let configuration: RecorderConfiguration
    private let logger: Logger
    private let inbox = Mutex(Inbox())
    private let bell = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)
    private let numbers = Atomic<UInt64>(0)
    private let hasThread = Atomic<Bool>(false)
    private let metrics: RecorderMetrics
    private let lock: DirectoryLock

    /// How long entries gather before they are looked at: waking a thread for each would cost more than the writing.
    private static let moment = DispatchTimeInterval.milliseconds(20)

    /// Opens the folder. Segments that a gateway left open when it died get their final names.
    /// - Throws: ``RecordingError`` when the folder cannot be made or written to, or another process records in it.
    public init(
        configuration: RecorderConfiguration,
        logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) throws {
        self.configuration = configuration
        self.logger = logger
        self.metrics = RecorderMetrics(metrics)
        let directory = configuration.directory
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw RecordingError(file: directory, message: "cannot be made a folder: \(error.localizedDescription)")
        }
        lock = try DirectoryLock(directory)
        try Self.sealLeftovers(in: directory, logger)
    }

    private static func sealLeftovers(in directory: String, _ logger: Logger) throws {
        for segment in try RecordingDirectory(directory).segments() where segment.isOpen {
            let sealed = segment.path.replacing(RecordingDirectory.openMark + ".", with: ".")
            try FileManager.default.moveItem(atPath: segment.path, toPath: sealed)
            let lost = try RunSummary.runs(inSegment: sealed).losses.reduce(0) { $0 + $1.bytes.count }
            logger.notice(
                "a segment that was left open is closed",
                metadata: ["file": "\(sealed)", "lost_bytes": "\(lost)"]
            )
        }
    }

    /// Starts the thread.
    public func start() {
        guard !hasThread.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let thread = Thread { self.work() }
        thread.name = "loopguard.recorder"
        thread.start()
    }

    /// Writes what is left, seals the segments and ends the thread. Only the first call does anything.
    public func stop() {
        let isFirst = inbox.withLock { inbox in
            defer { inbox.isClosed = true }
            return !inbox.isClosed
        }
        guard isFirst else { return }
        guard hasThread.load(ordering: .acquiring) else { return lock.release() }
        bell.signal()
        finished.wait()
    }

    /// Begins a recording; `nil` when the run is not among the sample.
    /// - Parameters:
    ///   - id: The run's id.
    ///   - policy: What the rules say about the run.
    ///   - fate: Called, from any thread and maybe more than once, when it is known what becomes of the recording.
    public func begin(
        _ id: String,
        policy: RecordingPolicy = RecordingPolicy(),
        fate: @escaping @Sendable (RecordingFate) -> Void = { _ in }
    ) -> RunRecording? {
        let policy = configuration.policy.narrowed(by: policy)
        guard policy.sample >= 1 || Double.random(in: 0..<1) < policy.sample else { return nil }
        let number = numbers.wrappingAdd(1, ordering: .relaxed).newValue
        return RunRecording(id: id, number: number, only: policy.only, fate: fate, recorder: self)
    }

    /// Hands something over.
    /// - Returns: Whether there was room for it; when not, the run is given up.
    func hand(run: UInt64, _ add: (inout Inbox, _ limit: Int) -> Bool) -> Bool {
        let limit = configuration.queueBytes
        let (hasRoom, rings) = inbox.withLock { inbox in
            guard !inbox.isClosed else { return (false, false) }
            let before = inbox.size
            let wasEmpty = inbox.isEmpty
            let hasRoom = add(&inbox, limit)
            if !hasRoom { inbox.drop(run, .queueFull) }
            return (hasRoom, wasEmpty || (before < limit / 2 && inbox.size >= limit / 2))
        }
        if rings { bell.signal() }
        return hasRoom
    }

    /// A run came to no end that anybody told.
    func abandon(run: UInt64) {
        inbox.withLock { $0.drop(run, .abandoned) }
    }

    // MARK: The thread

    private func work() {
        let writer = RecordingWriter(configuration: configuration, logger: logger, metrics: metrics)
        var taken = Inbox()
        while !taken.isClosed {
            _ = bell.wait(timeout: .now() + writer.timeUntilDuty)
            if !inbox.withLock({ $0.isClosed }) { _ = bell.wait(timeout: .now() + Self.moment) }
            taken.clear()
            inbox.withLock { inbox in
                taken.isClosed = inbox.isClosed
                swap(&inbox, &taken)
                inbox.isClosed = taken.isClosed
            }
            writer.take(taken)
            writer.maintain()
        }
        writer.finish()
        lock.release()
        finished.signal()
    }
}

/// The recording of one run, for the event loop that the run lives on.
public final class RunRecording {
    private let id: String
    private let number: UInt64
    private let only: RecordingPolicy.Choice
    private let fate: @Sendable (RecordingFate) -> Void
    private let recorder: RunRecorder
    private var isOver = false

    init(
        id: String,
        number: UInt64,
        only: RecordingPolicy.Choice,
        fate: @escaping @Sendable (RecordingFate) -> Void,
        recorder: RunRecorder
    ) {
        self.id = id
        self.number = number
        self.only = only
        self.fate = fate
        self.recorder = recorder
    }

    deinit {
        guard !isOver else { return }
        recorder.abandon(run: number)
        fate(.lost)
    }

    /// The client has asked. To be called first.
    /// - Parameters:
    ///   - bodySize: The length of the body.
    ///   - body: Gives the body; called on the recorder's thread.
    public func begin(_ request: RecordedRequest, bodySize: Int, body: @escaping @Sendable () -> [UInt8]) {
        let size = bodySize + request.headers.reduce(256) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        note(.begin(id: id, only, request, body: body, fate: fate), size: size, at: 0)
        if only == .all, !isOver { fate(.kept) }
    }

    /// The engine is asked.
    /// - Parameter body: The body, where it differs from the client's.
    public func sent(bodySize: Int, body: (@Sendable () -> [UInt8])?, at time: Int64) {
        note(.sent(body: body), size: bodySize, at: time)
    }

    /// Something happened that is neither a stream's bytes nor the end.
    public func note(_ event: RunRecord.Event, at time: Int64) {
        note(.event(event), size: 512, at: time)
        if case .verdict = event, !isOver { fate(.kept) }
    }

    /// Bytes came or went. They are copied.
    public func bytes(_ flow: RunRecord.Flow, _ bytes: Span<UInt8>, at time: Int64) {
        guard !isOver else { return }
        hand { $0.add(flow, bytes, run: self.number, time: time, limit: $1) }
    }

    /// The run is over. To be called last.
    public func end(_ end: RecordedEnd, at time: Int64) {
        note(.event(.end(end)), size: 256, at: time)
        isOver = true
    }

    private func note(_ note: Inbox.Note, size: Int, at time: Int64) {
        guard !isOver else { return }
        hand { $0.add(note, size: size, run: self.number, time: time, limit: $1) }
    }

    private func hand(_ add: (inout Inbox, Int) -> Bool) {
        guard !recorder.hand(run: number, add) else { return }
        isOver = true
        fate(.lost)
    }
}

import Dispatch
import Foundation
import Logging

/// Turns what was handed over into segments. Lives on the recorder's thread.
final class RecordingWriter {
    private struct LiveRun {
        let id: String
        let fate: @Sendable (RecordingFate) -> Void
        var redactor: RunRedactor
        /// The segment it is written to; `nil` while it is not known whether it is to be recorded.
        var segment: SegmentWriter?
        /// Records that wait for that to be known.
        var undecided: [RunRecord] = []
        var undecidedBytes = 0
    }

    private let configuration: RecorderConfiguration
    private let logger: Logger
    private let metrics: RecorderMetrics
    private let compressor = FrameCompressor()
    private var runs: [UInt64: LiveRun] = [:]
    private var undecidedBytes = 0
    /// Runs that were given up here and of which more may come.
    private var gone: Set<UInt64> = []
    /// The segment in which runs begin.
    private var current: SegmentWriter?
    /// Segments in which runs only end.
    private var retired: [SegmentWriter] = []
    private var pruned = ContinuousClock.now
    private var hasSaidThatItFailed = false

    private static let pruneInterval = Duration.seconds(60)

    init(configuration: RecorderConfiguration, logger: Logger, metrics: RecorderMetrics) {
        self.configuration = configuration
        self.logger = logger
        self.metrics = metrics
        prune()
    }

    // MARK: What comes in

    func take(_ inbox: Inbox) {
        inbox.visit { number, time, item in
            switch item {
            case .bytes(let flow, let bytes): record(number, time, .bytes(flow, bytes))
            case .note(.event(let event)): record(number, time, event)
            case .note(.sent(let body)): record(number, time, .sent(body?()))
            case .note(.begin(let id, let only, var request, let body, let fate)):
                request.body = body()
                let redactor = RunRedactor(redactsText: configuration.redactsText)
                runs[number] = LiveRun(id: id, fate: fate, redactor: redactor)
                if only == .all { decide(number) }
                record(number, time, .request(request))
            }
        }
        for (number, reason) in inbox.dropped { drop(number, reason) }
    }

    private func record(_ number: UInt64, _ time: Int64, _ event: RunRecord.Event) {
        guard let id = runs[number]?.id else {
            if case .end = event { gone.remove(number) }
            return
        }
        let ready = runs[number]?.redactor.receive(RunRecord(run: id, time: time, event)) ?? []
        for record in ready where runs[number] != nil {
            if case .verdict = record.event { decide(number) }
            if let segment = runs[number]?.segment {
                write(record, to: segment)
            } else {
                keep(record, of: number)
            }
        }
        guard case .end = event else { return }
        gone.remove(number)
        end(number)
    }

    private func keep(_ record: RunRecord, of number: UInt64) {
        let size = record.event.size
        runs[number]?.undecided.append(record)
        runs[number]?.undecidedBytes += size
        undecidedBytes += size
        if undecidedBytes > configuration.undecidedBytes { drop(number, .tooLong) }
    }

    /// The run is to be recorded.
    private func decide(_ number: UInt64) {
        guard var run = runs[number], run.segment == nil else { return }
        let records = run.undecided
        undecidedBytes -= run.undecidedBytes
        run.undecided = []
        run.undecidedBytes = 0
        do {
            run.segment = try segmentForNewRun()
            run.segment?.liveRuns += 1
            runs[number] = run
        } catch {
            runs[number] = run
            failed(error)
            return drop(number, .writeFailed)
        }
        if let segment = run.segment { for record in records { write(record, to: segment) } }
    }

    private func end(_ number: UInt64) {
        guard let run = runs.removeValue(forKey: number) else { return }
        undecidedBytes -= run.undecidedBytes
        guard let segment = run.segment else {
            run.fate(.lost)
            return metrics.discardedRun()
        }
        metrics.recordedRun()
        leave(segment)
    }

    private func drop(_ number: UInt64, _ reason: Inbox.DropReason) {
        guard gone.remove(number) == nil else { return }
        metrics.droppedRun(reason)
        guard let run = runs.removeValue(forKey: number) else { return }
        run.fate(.lost)
        if reason == .tooLong || reason == .writeFailed { gone.insert(number) }
        undecidedBytes -= run.undecidedBytes
        guard let segment = run.segment else { return }
        write(RunRecord(run: run.id, time: 0, .dropped), to: segment)
        leave(segment)
    }

    // MARK: Segments

    private var open: [SegmentWriter] { retired + [current].compactMap(\.self) }

    private func segmentForNewRun() throws -> SegmentWriter {
        if let current {
            let isFull = current.length >= configuration.segmentBytes
            guard isFull || ContinuousClock.now - current.opened > configuration.segmentAge else { return current }
            retire(current)
        }
        let segment = try SegmentWriter(in: configuration.directory, compressor: compressor)
        current = segment
        return segment
    }

    private func retire(_ segment: SegmentWriter) {
        current = nil
        retired.append(segment)
        sealEmptied()
    }

    private func leave(_ segment: SegmentWriter) {
        segment.liveRuns -= 1
        sealEmptied()
    }

    private func sealEmptied() {
        for segment in retired where segment.liveRuns == 0 {
            attempt { try count(segment) { try segment.seal() } }
        }
        let before = retired.count
        retired.removeAll { $0.liveRuns == 0 }
        if retired.count < before { prune() }
    }

    private func write(_ record: RunRecord, to segment: SegmentWriter) {
        attempt { try count(segment) { try segment.append(record.line) } }
    }

    private func count(_ segment: SegmentWriter, _ write: () throws -> Void) throws {
        let before = segment.length
        defer { metrics.wrote(segment.length - before) }
        try write()
    }

    private func attempt(_ write: () throws -> Void) {
        do { try write() } catch { failed(error) }
    }

    /// The disk is full, or the folder is gone: everything that is being recorded is given up. The next run tries anew.
    private func failed(_ error: any Error) {
        if !hasSaidThatItFailed {
            hasSaidThatItFailed = true
            logger.error("cannot record", metadata: ["folder": "\(configuration.directory)", "error": "\(error)"])
        }
        let written = runs.filter { $0.value.segment != nil }
        for (number, run) in written {
            run.fate(.lost)
            runs[number] = nil
            gone.insert(number)
            metrics.droppedRun(.writeFailed)
        }
        current = nil
        retired = []
    }

    private func prune() {
        pruned = .now
        do {
            for segment in try RecordingDirectory(configuration.directory).prune(configuration.limits) {
                logger.info("a segment was removed", metadata: ["file": "\(segment.path)"])
            }
        } catch {
            logger.warning("old segments cannot be removed", metadata: ["error": "\(error)"])
        }
    }

    // MARK: The passing of time

    /// How long until there is something to do even when nothing comes in.
    var timeUntilDuty: DispatchTimeInterval {
        let now = ContinuousClock.now
        let flush = open.compactMap(\.waitingSince).min().map { configuration.flushInterval - (now - $0) }
        let left = min(flush ?? Self.pruneInterval, Self.pruneInterval)
        return .nanoseconds(Int(max(0, left / .nanoseconds(1))))
    }

    /// Writes batches that have waited long enough, and closes and removes what is old.
    func maintain() {
        let now = ContinuousClock.now
        for segment in open {
            guard let since = segment.waitingSince, now - since >= configuration.flushInterval else { continue }
            attempt { try count(segment) { try segment.flush() } }
        }
        if let current, current.liveRuns == 0, now - current.opened > configuration.segmentAge { retire(current) }
        if now - pruned >= Self.pruneInterval { prune() }
    }

    /// Seals everything. What is still undecided is forgotten.
    func finish() {
        for segment in open { attempt { try count(segment) { try segment.seal() } } }
        for run in runs.values where run.segment == nil { metrics.discardedRun() }
        runs = [:]
    }
}

extension RunRecord.Event {
    /// About how much memory it takes.
    fileprivate var size: Int {
        switch self {
        case .bytes(_, let bytes): 128 + bytes.count
        case .request(let request): 1_024 + request.body.count
        case .sent(let body): 128 + (body?.count ?? 0)
        case .head, .verdict, .end, .dropped: 1_024
        }
    }
}

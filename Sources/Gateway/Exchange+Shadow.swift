internal import CoreMetrics
internal import GenerationWire
internal import Guard
internal import Logging
internal import LoopDetection
internal import NIOCore
internal import Recordings
internal import Rules
internal import Runs

/// Rules that look on: they judge the same bytes as the rules in force, and nothing comes of it but what is told.
///
/// The bytes of a read are judged after they were written to the client and flushed, so that nobody waits for it.
struct Shadow {
    private var stream: GuardedStream
    /// What was written and is not yet judged.
    private var waiting: ByteBuffer?
    /// The verdict that would have ended the run, and the event at which.
    private(set) var stop: (verdict: Verdict, event: Int)?
    /// The event at which the rules in force have ended the run.
    private var liveStop: Int?

    init(_ stream: GuardedStream) {
        self.stream = stream
        stop = stream.preflight.first { $0.mode == .stop }.map { ($0, 0) }
    }

    /// Notes what is to be judged later. What waited is judged first.
    mutating func note(_ bytes: ByteBuffer) {
        judge()
        waiting = bytes
    }

    /// The rules in force end the run at this event.
    mutating func noteLiveStop(at event: Int) { liveStop = liveStop ?? event }

    /// Judges what waits; what the guard would write is dropped.
    mutating func judge() {
        guard let bytes = waiting else { return }
        waiting = nil
        take(stream.receive(bytes.readableBytesUInt8Span))
    }

    /// The engine's answer has ended, or the run was ended.
    mutating func finish() {
        judge()
        // What a run that was cut would have come to, nobody knows.
        if liveStop == nil { take(stream.finish()) }
    }

    private mutating func take(_ outcome: GuardedStream.Outcome) {
        if stop == nil, let trip = outcome.trip { stop = (trip, stream.events) }
    }

    /// How the shadow rules differ from those in force.
    enum Difference: String, CaseIterable {
        /// They would have stopped a run that went on.
        case newlyStopped = "newly_stopped"
        /// They would have stopped it at an earlier event.
        case earlier
        /// They had not stopped the run when the rules in force did. Whether they would have later only a replay can
        /// tell, and only of a recording that went on.
        case laterOrNever = "later_or_never"
    }

    /// `nil` when the rules do the same.
    var difference: Difference? {
        switch (liveStop, stop?.event) {
        case (nil, nil): nil
        case (nil, _): .newlyStopped
        case (_, nil): .laterOrNever
        case (let live?, let shadow?): shadow < live ? .earlier : shadow > live ? .laterOrNever : nil
        }
    }
}

/// What shadow rules did, in numbers.
struct ShadowMetrics: Sendable {
    private let trips = DetectorID.allCases.map {
        Counter(label: "loopguard_shadow_trips_total", dimensions: [("detector", $0.name)])
    }
    private let differences = Shadow.Difference.allCases.map {
        Counter(label: "loopguard_shadow_difference_total", dimensions: [("kind", $0.rawValue)])
    }

    func count(_ shadow: Shadow) {
        if let verdict = shadow.stop?.verdict { trips[Int(verdict.detector.rawValue) - 1].increment() }
        if let place = shadow.difference.flatMap(Shadow.Difference.allCases.firstIndex) {
            differences[place].increment()
        }
    }
}

extension Exchange {
    /// The shadow over a generation; `nil` without shadow rules.
    func makeShadow(for generation: GenerationRequest) -> Shadow? {
        guard let rules = gateway.configuration.shadowRules else { return nil }
        var shadow = Shadow(GuardedStream(request: generation, settings: rules(ruleFacts).settings, runID: run.id))
        if guarding?.preflight.contains(where: { $0.mode == .stop }) == true { shadow.noteLiveStop(at: 0) }
        return shadow
    }

    /// Tells once what the shadow rules would have done.
    func concludeShadow() {
        guard var shadow else { return }
        self.shadow = nil
        shadow.finish()
        gateway.metrics.shadow.count(shadow)
        if recording != nil, let (verdict, event) = shadow.stop {
            var recorded = RecordedVerdict(verdict, event: event)
            recorded.mode = "shadow"
            recording?.note(.verdict(recorded))
        }
        guard let difference = shadow.difference else { return }
        var metadata: Logger.Metadata = ["run_id": "\(run.id)", "kind": "\(difference.rawValue)"]
        if let (verdict, event) = shadow.stop {
            metadata["detector"] = "\(verdict.detector.name)"
            metadata["event"] = "\(event)"
            metadata["byte"] = "\(verdict.byte)"
        }
        gateway.configuration.logger.info("shadow rules differ", metadata: metadata)
    }
}

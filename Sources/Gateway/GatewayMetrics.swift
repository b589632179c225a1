internal import CancelBoard
internal import Cancellation
internal import CoreMetrics
internal import Guard
internal import LoopDetection
internal import Metrics
internal import Runs

/// The gateway's metrics. Every handle is made once; every label has a small fixed set of values.
struct GatewayMetrics: Sendable {
    /// `loopguard_requests_total{path,outcome}`, by kind then by phase.
    private let requests: [[Counter]]
    let inFlight = Meter(label: "loopguard_in_flight_requests")
    let timeToFirstToken = Timer(label: "loopguard_time_to_first_token_seconds")
    let interEvent = Timer(label: "loopguard_inter_event_seconds")
    /// `loopguard_trips_total{detector,mode}`, by detector then by mode.
    private let trips: [[Counter]]
    /// `loopguard_cancels_total{source}`, by the reason's code.
    private let cancels: [EndReason: Counter]
    private let guardCancels = Counter(label: "loopguard_cancels_total", dimensions: [("source", "guard")])
    /// From the decision to end a run to its effects being carried out.
    let cancelLatency = Timer(label: "loopguard_cancel_latency_seconds")
    let bytesUp = Counter(label: "loopguard_bytes_total", dimensions: [("direction", "upstream")])
    let bytesDown = Counter(label: "loopguard_bytes_total", dimensions: [("direction", "downstream")])
    let guardSeconds = FloatingPointCounter(label: "loopguard_guard_seconds_total")
    /// Generations that a guard was asked for and could not read: a body too long to collect, an encoded answer, a
    /// request that the engine does not stream, a stream from a path that is not known.
    let unguarded = Counter(label: "loopguard_unguarded_requests_total")
    /// Signs of life sent to clients that had received nothing for a while.
    let keepAlives = Counter(label: "loopguard_keep_alives_total")
    /// Events that passed unread because they were too long or could not be understood.
    let unreadEvents = Counter(label: "loopguard_unread_events_total")
    /// Calls of trees that were stopped.
    let buried = Counter(label: "loopguard_tombstone_refusals_total")
    let shadow = ShadowMetrics()
    /// Runs that went without a slot on the cancel board because it was full.
    let flagless = Counter(label: "loopguard_board_full_total")
    /// `loopguard_engine_confirmations_total{outcome}`.
    private let confirmations: [BoardOutcome: Counter]
    let unconfirmed = Counter(label: "loopguard_engine_confirmations_total", dimensions: [("outcome", "none")])
    /// `loopguard_engine_stop_seconds{via}`: from the decision until the engine's end was seen.
    private let engineStop = Dictionary(
        uniqueKeysWithValues: Confirmation.Way.allCases.map {
            ($0, Timer(label: "loopguard_engine_stop_seconds", dimensions: [("via", $0.rawValue)]))
        }
    )
    /// Runs that wait for a place at the engine.
    let queued = Meter(label: "loopguard_queued_requests")
    private let upstreamErrors: [UpstreamFailure.Kind: Counter]
    let duration = Timer(label: "loopguard_request_duration_seconds")

    init() {
        requests = RunKind.all.map { kind in
            RunPhase.allCases.map { phase in
                Counter(label: "loopguard_requests_total", dimensions: [("path", kind.label), ("outcome", phase.name)])
            }
        }
        trips = DetectorID.allCases.map { detector in
            Mode.allCases.map { mode in
                let dimensions = [("detector", detector.name), ("mode", "\(mode)")]
                return Counter(label: "loopguard_trips_total", dimensions: dimensions)
            }
        }
        let sources: [EndReason] = [.userStop, .treeStop, .clientDisconnect, .deadline, .shutdown]
        cancels = Dictionary(
            uniqueKeysWithValues: sources.map {
                ($0, Counter(label: "loopguard_cancels_total", dimensions: [("source", $0.name)]))
            }
        )
        confirmations = Dictionary(
            uniqueKeysWithValues: BoardOutcome.allCases.map {
                ($0, Counter(label: "loopguard_engine_confirmations_total", dimensions: [("outcome", "\($0)")]))
            }
        )
        upstreamErrors = Dictionary(
            uniqueKeysWithValues: UpstreamFailure.Kind.allCases.map {
                ($0, Counter(label: "loopguard_upstream_errors_total", dimensions: [("kind", $0.rawValue)]))
            }
        )
    }

    func request(_ kind: RunKind, ended phase: RunPhase) {
        guard let path = RunKind.all.firstIndex(of: kind) else { return }
        requests[path][Int(phase.rawValue) - 1].increment()
    }

    func verdict(_ verdict: Verdict) {
        trips[Int(verdict.detector.rawValue) - 1][Int(verdict.mode.rawValue)].increment()
    }

    func cancel(_ reason: EndReason) {
        (reason.detector == nil ? cancels[reason] : guardCancels)?.increment()
    }

    func engineStopped(_ way: Confirmation.Way, after nanoseconds: Int64) {
        engineStop[way]?.recordNanoseconds(nanoseconds)
    }

    // Both are rare, and there is one engine: no need to make a handle for every engine there is.

    func engineCancel(_ engine: String, _ way: Confirmation.Way, _ result: String) {
        let dimensions = [("engine", engine), ("via", way.rawValue), ("result", result)]
        Counter(label: "loopguard_engine_cancel_total", dimensions: dimensions).increment()
    }

    func unconfirmed(_ engine: String) {
        Counter(label: "loopguard_engine_unconfirmed_total", dimensions: [("engine", engine)]).increment()
    }

    func confirmed(_ outcome: BoardOutcome) { confirmations[outcome]?.increment() }

    func upstreamError(_ kind: UpstreamFailure.Kind) { upstreamErrors[kind]?.increment() }
}

internal import Cancellation
internal import GenerationWire
internal import Guard
internal import LoopDetection
internal import NIOCore
internal import NIOHTTP1
internal import Recordings
internal import Rules
internal import Runs
internal import Synchronization

/// A run's recording, as far as the event loop has to do with it: each call hands something over and returns.
struct ExchangeRecording {
    let run: RunRecording
    let startedAt: NIODeadline
    /// What came and has not gone on yet. Nearly always it goes on as it is, and is then recorded once.
    private var pending: (bytes: ByteBuffer, time: Int64)?

    init(_ run: RunRecording, startedAt: NIODeadline) {
        self.run = run
        self.startedAt = startedAt
    }

    func time(of moment: NIODeadline) -> Int64 { (moment - startedAt).nanoseconds }

    mutating func came(_ bytes: ByteBuffer, at moment: NIODeadline) {
        settle()
        pending = (bytes, time(of: moment))
    }

    mutating func went(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        if let (came, time) = pending, came == bytes {
            pending = nil
            run.bytes(.passed, came.readableBytesUInt8Span, at: time)
        } else {
            settle()
            run.bytes(.went, bytes.readableBytesUInt8Span, at: time(of: .now()))
        }
    }

    mutating func note(_ event: RunRecord.Event) {
        settle()
        run.note(event, at: time(of: .now()))
    }

    mutating func end(_ end: RecordedEnd) {
        settle()
        run.end(end, at: time(of: .now()))
    }

    private mutating func settle() {
        guard let (bytes, time) = pending else { return }
        pending = nil
        run.bytes(.came, bytes.readableBytesUInt8Span, at: time)
    }
}

extension Exchange {
    /// Begins the recording of a generation, when there is a recorder and the rules let it.
    func beginRecording(_ resolution: Resolution) {
        guard let recorder = gateway.configuration.recorder, case .whole(let body) = request.body else { return }
        let rule = resolution.recording
        let policy = RecordingPolicy(only: rule.only == .tripped ? .tripped : .all, sample: rule.sample)
        let run: Run = run
        let recorded = recorder.begin(run.id, policy: policy) { fate in
            switch fate {
            case .kept: run.noteRecording()
            case .lost: run.noteLostRecording()
            }
        }
        guard let recorded else { return }
        let facts = RecordedRequest(
            started: run.started,
            format: request.format?.rawValue,
            path: run.facts.path,
            model: run.facts.model,
            client: request.head.headers.first(name: "user-agent"),
            key: resolution.keyName,
            headers: Self.recorded(request.head.headers)
        )
        recorded.begin(facts, bodySize: body.readableBytes) { Array(body.readableBytesView) }
        recording = ExchangeRecording(recorded, startedAt: .uptimeNanoseconds(run.startedAt))
    }

    /// - Parameter body: What the engine is asked with.
    func recordSent(_ body: ByteBuffer) {
        guard let recording else { return }
        if case .whole(let asked) = request.body, asked == body {
            recording.run.sent(bodySize: 0, body: nil, at: recording.time(of: .now()))
        } else {
            let bytes: @Sendable () -> [UInt8] = { Array(body.readableBytesView) }
            recording.run.sent(bodySize: body.readableBytes, body: bytes, at: recording.time(of: .now()))
        }
    }

    func record(_ head: HTTPResponseHead) {
        recording?.note(.head(RecordedHead(status: Int(head.status.code), headers: Self.recorded(head.headers))))
    }

    /// Bytes have been written to the client, if there still is one.
    func recordWent(_ bytes: ByteBuffer) {
        if client != nil { recording?.went(bytes) }
    }

    func recordWent(_ bytes: [UInt8]) {
        if recording != nil { recordWent(ByteBuffer(bytes: bytes)) }
    }

    func record(_ verdict: Verdict) {
        guard recording != nil else { return }
        recording?.note(.verdict(RecordedVerdict(verdict, event: guarding?.events ?? 0)))
    }

    func recordEnd() {
        guard recording != nil else { return }
        let state = run.state.current
        recording?.end(
            RecordedEnd(
                state: state.outcome.name,
                reason: state.reason?.name,
                status: run.figures.status.load(ordering: .relaxed),
                events: run.figures.events.load(ordering: .relaxed)
            )
        )
        recording = nil
    }

    private static func recorded(_ headers: HTTPHeaders) -> [Header] { headers.map { Header($0.name, $0.value) } }
}

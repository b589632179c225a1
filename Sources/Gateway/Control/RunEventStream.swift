internal import Cancellation
internal import Guard
internal import NIOCore
internal import Runs
internal import Synchronization

/// One follower of run events, on the event loop of its connection.
///
/// The log only rings; what is to be told is read from it when the connection can take it, so a slow follower costs
/// nothing and misses nothing that the log still holds.
final class RunEventStream {
    private let registry: RunRegistry
    private let viewer: Viewer
    /// The run whose events are followed; `nil` for all.
    private let run: Run?
    private let loop: any EventLoop
    private let client: ClientHandler
    private var cursor: UInt64
    private var follower: UInt64?
    private var timer: RepeatedTask?
    private var ticks = 0
    private var lastWritten = NIODeadline.now()
    private var isOver = false
    /// What was last told of each live run: its tokens, and when.
    private var told: [String: (tokens: Int, at: NIODeadline)] = [:]
    private var toldText: StreamText?
    private let isRung = Rung()

    /// A flag that outlives the stream, for the threads that ring.
    private final class Rung: Sendable {
        let flag = Atomic<Bool>(false)
    }

    /// Four times a second: as often as the text of a single run is told.
    private static let tick = TimeAmount.milliseconds(250)
    private static let keepAlive = TimeAmount.seconds(15)
    /// The text that is told, in bytes of each channel.
    private static let shownText = 2_048
    /// The most live runs whose progress is told at once.
    private static let mostProgress = 256

    /// - Parameter last: The number of the last event that the follower knows; `nil` for none.
    init(
        of run: Run?,
        after last: UInt64?,
        in registry: RunRegistry,
        as viewer: Viewer,
        to client: ClientHandler,
        on loop: any EventLoop
    ) {
        self.run = run
        self.registry = registry
        self.viewer = viewer
        self.client = client
        self.loop = loop
        // Whoever follows one run wants all of it; whoever follows all wants what comes.
        cursor = last ?? (run == nil ? registry.events.newest : 0)
    }

    func start() {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let (loop, isRung) = (loop, isRung)
        follower = registry.events.follow {
            guard !isRung.flag.exchange(true, ordering: .acquiringAndReleasing) else { return }
            loop.execute { bound.value.resume() }
        }
        timer = loop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { _ in bound.value.beat() }
        resume()
    }

    /// The connection is gone, or the gateway goes.
    func stop() {
        isOver = true
        if let follower { registry.events.unfollow(follower) }
        follower = nil
        timer?.cancel()
    }

    /// Tells what there is to tell, as far as the connection can take it.
    func resume() {
        isRung.flag.store(false, ordering: .releasing)
        while !isOver, client.isWritable {
            let (events, lost) = registry.events.events(after: cursor)
            if lost > 0 { write(Array(": \(lost) events were lost\n\n".utf8)) }
            guard let last = events.last else { break }
            for event in events where isWanted(event) {
                write(RunEventJSON.encode(event, in: registry))
                if case .ended = event.kind, run != nil { return finish() }
            }
            cursor = last.number
        }
        // The run's end may have left the log already.
        if let run, !isOver, run.endedAt != nil, client.isWritable {
            let state = run.state.current
            let event = RunEvent(.ended(state.phase, state.reason), of: run, at: WallClock.now)
            write(RunEventJSON.encode(event, in: registry))
            return finish()
        }
        client.flush()
    }

    private func isWanted(_ event: RunEvent) -> Bool {
        if let run { return event.run === run }
        return viewer.sees(event.run)
    }

    private func finish() {
        stop()
        client.finish()
    }

    private func write(_ bytes: [UInt8]) {
        client.write(ByteBuffer(bytes: bytes))
        lastWritten = .now()
    }

    // MARK: What only followers are told

    private func beat() {
        guard !isOver, client.isWritable else { return }
        ticks += 1
        if ticks % 4 == 1 { tellProgress() }
        tellText()
        if lastWritten + Self.keepAlive < .now() { write(Array(": keep-alive\n\n".utf8)) }
        client.flush()
    }

    private func tellProgress() {
        let now = NIODeadline.now()
        let live = run.map { [$0] } ?? registry.live(as: viewer)
        var current: [String: (tokens: Int, at: NIODeadline)] = [:]
        for run in live.prefix(Self.mostProgress) where !run.state.current.phase.isTerminal {
            let tokens = run.figures.tokens.load(ordering: .relaxed)
            let before = told[run.id]
            current[run.id] = (tokens, now)
            if let before, before.tokens == tokens {
                current[run.id] = before
                continue
            }
            let since = before?.at ?? NIODeadline.uptimeNanoseconds(run.startedAt)
            let seconds = max(Double((now - since).nanoseconds) / 1e9, 0.001)
            let rate = Double(tokens - (before?.tokens ?? 0)) / seconds
            let progress = RunEventJSON.encode("progress", of: run, at: WallClock.now) { json in
                json.member("events", run.figures.events.load(ordering: .relaxed))
                json.member("bytes", run.figures.bytes.load(ordering: .relaxed))
                json.member("tokens", tokens)
                json.member("tokens_per_second", (rate * 10).rounded() / 10)
            }
            write(progress)
        }
        told = current
    }

    private func tellText() {
        guard let run else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        let loop = loop
        run.text { text in loop.execute { bound.value.tell(text) } }
    }

    private func tell(_ text: StreamText?) {
        guard let run, let text, !text.isEmpty, text != toldText, !isOver, client.isWritable else { return }
        toldText = text
        write(
            RunEventJSON.encode("text", of: run, at: WallClock.now) {
                RunJSON.describe(text, limit: Self.shownText, into: &$0)
            }
        )
        client.flush()
    }
}

import Cancellation
import GenerationWire
public import Guard
import LoopDetection
public import Rules

/// Feeds recorded bytes to the guard that the gateway uses and tells what it would have done.
public struct Replayer: Sendable {
    /// What the rules say to a request.
    public typealias Settings = @Sendable (RequestFacts) -> GuardSettings

    /// The bytes fed at once. Verdicts do not depend on it.
    public var readSize = 16_384
    /// Whether to look closer at what is stopped: for the text around the stop and for what each detector does alone.
    public var looksCloser = false
    /// Whether to count what the engine sent after a stop.
    var followsStops = true
    let settings: Settings

    /// Creates a replayer.
    /// - Parameter settings: What the rules decide for a request.
    public init(settings: @escaping Settings) { self.settings = settings }

    /// Creates a replayer that follows rules.
    public init(rules: RuleSet) { self.init(settings: rules.settings(for:)) }

    /// Replays one recording. What goes wrong is part of the result.
    public func replay(_ recording: Recording) -> ReplayResult {
        load(recording) { replay($0, file: recording.path) }
    }

    /// Replays what is held in memory.
    /// - Parameter file: The name used in the result.
    public func replay(_ content: RecordedContent, file: String) -> ReplayResult {
        let format = BodyFormat(of: content.body)
        guard case .guarded(let wire) = format else { return unread(content, format, file) }
        var run = begin(content, wire, file)
        for read in content.times?.reads ?? [] where !run.isOver { run.receive(upTo: read.end, at: read.seconds) }
        return end(run)
    }

    // MARK: - The steps of a replay

    /// Loads what a recording holds; what goes wrong becomes the result.
    func load(_ recording: Recording, _ use: (RecordedContent) -> ReplayResult) -> ReplayResult {
        var result: ReplayResult
        do throws(ReplayError) {
            result = use(try recording.content())
        } catch {
            result = ReplayResult(file: recording.path, format: "unknown", error: error.message)
        }
        result.id = recording.line?.id
        return result
    }

    /// The result of a body in a format that passes unread.
    func unread(_ content: RecordedContent, _ format: BodyFormat, _ file: String) -> ReplayResult {
        var result = ReplayResult(file: file, format: format.name)
        result.bodyBytes = content.body.count
        result.outputBytes = content.body.count
        result.seconds = content.times?.duration
        return result
    }

    func begin(_ content: RecordedContent, _ format: WireFormat, _ file: String) -> ReplayRun {
        let request =
            content.request.flatMap { GenerationRequest(path: format.path, body: $0.span) }
            ?? GenerationRequest(format: format)
        var facts = content.facts
        facts.model = request.model
        facts.path = facts.path ?? format.path
        return ReplayRun(content, request, facts, settings(facts), file: file)
    }

    /// Feeds what is left, in reads of ``readSize``, and concludes.
    func end(_ run: consuming ReplayRun) -> ReplayResult {
        while !run.isOver { run.receive(upTo: run.position + readSize) }
        run.finish()
        if let times = run.content.times {
            run.result.seconds = times.duration
            run.result.savedSeconds = run.trip == nil ? 0 : times.duration - run.seconds
        }
        guard run.result.verdict?.mode == .stop, followsStops else { return run.result }
        return lookCloser(run)
    }
}

import Cancellation
public import GenerationWire
public import Guard
import LoopDetection
public import Rules

/// Feeds recorded bytes to the guard that the gateway uses and tells what it would have done.
public struct Replayer: Sendable {
    /// What the rules say to a request.
    public typealias Settings = @Sendable (GenerationRequest) -> GuardSettings

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
    public init(rules: RuleSet) {
        self.init { rules.settings(for: RequestFacts(model: $0.model, path: $0.format.path)) }
    }

    /// Replays one recording. What goes wrong is part of the result.
    public func replay(_ recording: Recording) -> ReplayResult {
        load(recording) { replay($0.body, request: $0.request, file: recording.path, times: $0.times) }
    }

    /// Replays a body held in memory.
    /// - Parameters:
    ///   - body: The response as the engine sent it.
    ///   - request: The body of the request, when it is known.
    ///   - file: The name used in the result.
    ///   - times: When the bytes came in, when it is known.
    public func replay(
        _ body: [UInt8],
        request: [UInt8]?,
        file: String,
        times: RecordedTimes? = nil
    ) -> ReplayResult {
        let format = BodyFormat(of: body)
        guard case .guarded(let wire) = format else { return unread(body, format, file, times) }
        var run = begin(body, wire, request, file)
        for read in times?.reads ?? [] where !run.isOver { run.receive(upTo: read.end, at: read.seconds) }
        return end(run, request, times)
    }

    // MARK: - The steps of a replay

    typealias Content = (body: [UInt8], request: [UInt8]?, times: RecordedTimes?)

    /// Loads what a recording holds; what goes wrong becomes the result.
    func load(_ recording: Recording, _ use: (Content) -> ReplayResult) -> ReplayResult {
        var result: ReplayResult
        do throws(ReplayError) {
            result = use(try content(of: recording))
        } catch {
            result = ReplayResult(file: recording.path, format: "unknown", error: error.message)
        }
        result.id = recording.line?.id
        return result
    }

    func content(of recording: Recording) throws(ReplayError) -> Content {
        (try recording.body(), try recording.requestBody(), try recording.times())
    }

    /// The result of a body in a format that passes unread.
    func unread(_ body: [UInt8], _ format: BodyFormat, _ file: String, _ times: RecordedTimes?) -> ReplayResult {
        var result = ReplayResult(file: file, format: format.name)
        result.bodyBytes = body.count
        result.outputBytes = body.count
        result.seconds = times?.duration
        return result
    }

    func begin(_ body: [UInt8], _ format: WireFormat, _ request: [UInt8]?, _ file: String) -> ReplayRun {
        let facts =
            request.flatMap { GenerationRequest(path: format.path, body: $0.span) } ?? GenerationRequest(format: format)
        return ReplayRun(body, facts, settings(facts), file: file)
    }

    /// Feeds what is left, in reads of ``readSize``, and concludes.
    func end(_ run: ReplayRun, _ request: [UInt8]?, _ times: RecordedTimes?) -> ReplayResult {
        var run = run
        while !run.isOver { run.receive(upTo: run.position + readSize) }
        run.finish()
        if let times {
            run.result.seconds = times.duration
            run.result.savedSeconds = run.trip == nil ? 0 : times.duration - run.seconds
        }
        guard run.result.verdict?.mode == .stop, followsStops else { return run.result }
        return lookCloser(run, request)
    }
}

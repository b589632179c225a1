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
        do throws(ReplayError) {
            let body = try recording.body()
            return replay(body, request: try recording.requestBody(), file: recording.path)
        } catch {
            return ReplayResult(file: recording.path, format: "unknown", error: error.message)
        }
    }

    /// Replays a body held in memory.
    /// - Parameters:
    ///   - body: The response as the engine sent it.
    ///   - request: The body of the request, when it is known.
    ///   - file: The name used in the result.
    public func replay(_ body: [UInt8], request: [UInt8]?, file: String) -> ReplayResult {
        let format = BodyFormat(of: body)
        var result = ReplayResult(file: file, format: format.name)
        guard case .guarded(let wire) = format else {
            result.outputBytes = body.count
            return result
        }
        let facts =
            request.flatMap { GenerationRequest(path: wire.path, body: $0.span) } ?? GenerationRequest(format: wire)
        var stream = GuardedStream(request: facts, settings: settings(facts), runID: "replay")
        var output = OutputCheck(expected: body)
        for verdict in stream.preflight { result.add(verdict, event: 0) }
        var start = 0
        var trip: Verdict?
        while start < body.count, trip == nil {
            let end = min(start + readSize, body.count)
            let piece = body.span.extracting(start..<end)
            let outcome = stream.receive(piece)
            switch outcome.forward {
            case .unchanged: output.receive(body[start..<end])
            case .bytes(let bytes): output.receive(bytes[...])
            case .joined(let head, let range):
                output.receive(head[...])
                output.receive(body[start + range.lowerBound..<start + range.upperBound])
            }
            for verdict in outcome.verdicts { result.add(verdict, event: stream.events) }
            trip = outcome.trip
            start = end
        }
        if trip == nil {
            let outcome = stream.finish()
            if case .bytes(let bytes) = outcome.forward { output.receive(bytes[...]) }
            for verdict in outcome.verdicts { result.add(verdict, event: stream.events) }
            trip = outcome.trip
        }
        if let trip { output.receive(stream.end(.tripped(trip.detector))[...]) }
        result.outputBytes = output.count
        result.savedBytes = max(0, body.count - output.count)
        result.isUnchanged = output.isUnchanged
        result.unreadEvents = stream.unreadEvents
        return result
    }

}

/// Compares what the guard gives out with what came in, without keeping it.
private struct OutputCheck {
    let expected: [UInt8]
    private(set) var count = 0
    private var isEqual = true

    init(expected: [UInt8]) { self.expected = expected }

    var isUnchanged: Bool { isEqual && count == expected.count }

    mutating func receive(_ bytes: ArraySlice<UInt8>) {
        let end = count + bytes.count
        isEqual = isEqual && end <= expected.count && expected[count..<end] == bytes
        count = end
    }
}

import Cancellation
import GenerationWire
import Glibc
import Guard
import LoopDetection
import Rules

/// One recording on its way through the guard.
struct ReplayRun {
    let content: RecordedContent
    /// The body in it, which is asked for at every read.
    private let body: [UInt8]
    let request: GenerationRequest
    /// What the rules were told.
    let facts: RequestFacts
    /// How many of its bytes the guard has received.
    private(set) var position = 0
    /// When the last of them came in.
    private(set) var seconds = 0.0
    /// The verdict that has ended the run.
    private(set) var trip: Verdict?
    private(set) var stream: GuardedStream
    private var output: OutputCheck
    var result: ReplayResult

    init(
        _ content: RecordedContent,
        _ request: GenerationRequest,
        _ facts: RequestFacts,
        _ settings: GuardSettings,
        file: String
    ) {
        self.content = content
        body = content.body
        self.request = request
        self.facts = facts
        stream = GuardedStream(request: request, settings: settings, runID: "replay")
        output = OutputCheck(expected: body)
        result = ReplayResult(file: file, format: request.format.rawValue)
        result.bodyBytes = body.count
        for verdict in stream.preflight { result.add(verdict, event: 0) }
    }

    /// Whether nothing is left to receive.
    var isOver: Bool { position == body.count || trip != nil }

    /// Receives the body up to an offset, or to its end; what came before stays received.
    mutating func receive(upTo offset: Int, at seconds: Double = 0) {
        let (start, body) = (position, body)
        let end = min(max(offset, start), body.count)
        guard start < end else { return }
        self.seconds = seconds
        let outcome = stream.receive(body.span.extracting(start..<end))
        position = end
        switch outcome.forward {
        case .unchanged: output.receive(body[start..<end])
        case .bytes(let bytes): output.receive(bytes[...])
        case .joined(let head, let range):
            output.receive(head[...])
            output.receive(body[start + range.lowerBound..<start + range.upperBound])
        }
        take(outcome)
    }

    /// The body has ended, or the run was ended: notes what came of it.
    mutating func finish() {
        if trip == nil {
            let outcome = stream.finish()
            if case .bytes(let bytes) = outcome.forward { output.receive(bytes[...]) }
            take(outcome)
        }
        if let trip { output.receive(stream.end(.tripped(trip.detector))[...]) }
        result.outputBytes = output.count
        result.savedBytes = max(0, body.count - output.count)
        result.isUnchanged = output.isUnchanged
        result.unreadEvents = stream.unreadEvents
        result.tokens = stream.deltas
    }

    private mutating func take(_ outcome: GuardedStream.Outcome) {
        for verdict in outcome.verdicts { result.add(verdict, event: stream.events) }
        trip = outcome.trip
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
        isEqual = isEqual && end <= expected.count && isExpected(bytes)
        count = end
    }

    /// Whether the bytes are the next ones expected; there are as many. Slices are compared byte by byte.
    private func isExpected(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBytes { bytes in
            expected.withUnsafeBytes { expected in
                guard let start = bytes.baseAddress, let place = expected.baseAddress else { return bytes.isEmpty }
                return memcmp(start, place + count, bytes.count) == 0
            }
        }
    }
}

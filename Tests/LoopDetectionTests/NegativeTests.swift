import LoopDetection
import Testing

/// Healthy texts that other guards have cut, retold: none may be stopped, however it is cut into deltas.
struct NegativeTests {
    @Test(arguments: negativeCases)
    func healthyTextIsNotStopped(_ negative: TextCase) {
        let whole = verdicts(negative)
        #expect(whole.stop == nil, "\(whole)")
        for chunk in chunkings { #expect(verdicts(negative, chunk: chunk) == whole, "chunk \(chunk)") }
    }

    @Test(arguments: negativeCases.filter { $0.kind == .content })
    func healthyTextIsNotStoppedInReasoningEither(_ negative: TextCase) {
        var reasoning = negative
        reasoning.kind = .reasoning
        let whole = verdicts(reasoning)
        #expect(whole.stop == nil, "\(whole)")
    }

    @Test func freshProseRaisesNothingAtAll() {
        for kind in [ChannelKind.content, .reasoning] { #expect(verdicts(freshProse(600), in: kind).isEmpty) }
    }
}

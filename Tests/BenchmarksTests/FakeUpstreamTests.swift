import GenerationWire
import Guard
import NIOCore
import Testing

@testable import loopguard_bench

struct FakeUpstreamTests {
    /// The bytes of the event in one HTTP chunk.
    private func event(in chunk: ByteBuffer) -> [UInt8] {
        let bytes = Array(chunk.readableBytesView)
        let start = bytes.firstIndex(of: 0x0A)! + 1
        #expect(Int(String(decoding: bytes[..<(start - 2)], as: UTF8.self), radix: 16) == bytes.count - start - 2)
        return Array(bytes[start..<bytes.count - 2])
    }

    /// A benchmark of streams that the guard ends would measure something else.
    @Test(arguments: [8, 24])
    func noDetectorMindsWhatTheFakeUpstreamSends(padding: Int) {
        var generator = SampleText(seed: 4)
        var writer = ChunkWriter(text: generator.words(bytes: 1 << 18))
        var guarded = GuardedStream(
            request: GenerationRequest(format: .chatCompletions),
            settings: GuardSettings(),
            runID: "bench"
        )
        var scanner = StampScanner()
        writer.begin(1, padding: padding)
        var buffer = ByteBuffer()
        for number in 0..<12_000 {
            let stamp = 5_000_000_000_000 + UInt64(number) * 20_000_123
            buffer.clear()
            writer.writeEvent(into: &buffer, stamp: stamp)
            let event = event(in: buffer)
            let outcome = guarded.receive(event.span)
            #expect(outcome.verdicts.isEmpty && outcome.forward == .unchanged)
            var stamps: [UInt64] = []
            event.withUnsafeBytes { scanner.scan($0) { stamps.append($0) } }
            #expect(stamps == [stamp])
        }
        #expect(guarded.events == 12_000 && guarded.unreadEvents == 0)
    }
}

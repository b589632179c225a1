import GenerationWire
import Glibc
import Guard
import JSONBytes
import LoopDetection
import ServerSentEvents

/// The rooms of the core, one by one and together.
struct CoreBenchmark {
    private var watch: Stopwatch

    /// The bytes of text in each case: enough that the detectors' memories are full most of the time.
    private static let textBytes = 131_072

    init(_ watch: Stopwatch) { self.watch = watch }

    /// What all passes computed.
    var checksum: UInt64 { watch.checksum }

    // MARK: - The whole guard

    /// What a chunk costs from bytes in to bytes out.
    mutating func guardedStream() throws -> Table {
        var text = SampleText(seed: 1)
        let prose = ChunkStream(text.prose(bytes: Self.textBytes), as: .content)
        let reasoning = ChunkStream(text.prose(bytes: Self.textBytes), as: .reasoning)
        let code = ChunkStream(text.code(bytes: Self.textBytes), as: .content)
        let call = ChunkStream(text.arguments(bytes: Self.textBytes), as: .arguments)
        var table = Table(["GuardedStream.receive", "Bytes per event", "ns per event"])
        let cases: [(name: String, stream: ChunkStream, eventsPerRead: Int, mode: Mode)] = [
            ("prose, one event per read", prose, 1, .stop),
            ("prose, one event per read, detectors off", prose, 1, .off),
            ("prose, 16 events per read", prose, 16, .stop),
            ("prose, 16 events per read, detectors off", prose, 16, .off),
            ("reasoning, one event per read", reasoning, 1, .stop),
            ("code, one event per read", code, 1, .stop),
            ("arguments held back, one event per read", call, 1, .stop),
        ]
        for (name, stream, eventsPerRead, mode) in cases {
            let reads = stream.reads(of: eventsPerRead)
            let samples = try watch.nanoseconds(per: stream.events.count) {
                try Self.pass(stream, reads: reads, mode: mode, name)
            }
            table.add([name, String(stream.bytesPerEvent), samples.text])
        }
        return table
    }

    private static func pass(
        _ stream: ChunkStream,
        reads: [Range<Int>],
        mode: Mode,
        _ name: String
    ) throws -> UInt64 {
        var settings = GuardSettings()
        settings.mode = mode
        let request = GenerationRequest(format: .chatCompletions)
        var guarded = GuardedStream(request: request, settings: settings, runID: "bench")
        var passed = 0
        for read in reads {
            let outcome = guarded.receive(stream.bytes.span.extracting(read))
            switch outcome.forward {
            case .unchanged: passed += read.count
            case .bytes(let bytes): passed += bytes.count
            case .joined(let bytes, let range): passed += bytes.count + range.count
            }
            if let verdict = outcome.verdicts.first {
                throw BenchmarkError("\(verdict.detector.name) spoke in '\(name)', which is meant to be healthy")
            }
        }
        return UInt64(passed + guarded.events)
    }

    // MARK: - The detectors

    /// What a token costs in the detectors of one channel.
    mutating func channelMonitor() throws -> Table {
        var text = SampleText(seed: 2)
        let bytes = Self.textBytes
        let prose = text.prose(bytes: bytes)
        var table = Table(["ChannelMonitor.receive", "Channel", "ns per 4-byte token"])
        // The worst for `tail_repeat`: nearly every scan finds the end of the text again, none of them enough of it.
        // Periods of 24 bytes convict from 1,024 bytes on, periods of 500 bytes from four copies on; long ones would
        // convict from three copies on, but nothing new in eight segments of 700 characters speaks before that.
        let short = text.periodic(bytes: bytes, period: 24, stretch: 1_008)
        let middle = text.periodic(bytes: bytes, period: 500, stretch: 1_950)
        let long = text.periodic(bytes: bytes, period: 4_000, stretch: 9_200)
        let cases: [(name: String, text: [UInt8], kind: ChannelKind)] = [
            ("prose", prose, .content),
            ("prose", prose, .reasoning),
            ("code", text.code(bytes: bytes), .content),
            ("JSON of a call that writes code", text.arguments(bytes: bytes), .arguments),
            ("periods of 24 bytes, 42 copies", short, .content),
            ("periods of 500 bytes, 3.9 copies", middle, .content),
            ("periods of 4,000 bytes, 2.3 copies", long, .content),
        ]
        for (name, text, kind) in cases {
            let samples = try watch.nanoseconds(per: text.count / 4) { try Self.pass(text, kind, name) }
            table.add([name, "\(kind)", samples.text])
        }
        return table
    }

    private static func pass(_ text: [UInt8], _ kind: ChannelKind, _ name: String) throws -> UInt64 {
        var monitor = ChannelMonitor(kind: kind, settings: DetectorSettings(), jsonOutput: false)
        var verdicts: [Verdict] = []
        var start = 0
        while start < text.count {
            let end = min(start + 4, text.count)
            monitor.receive(text.span.extracting(start..<end), verdicts: &verdicts)
            start = end
        }
        if let verdict = verdicts.first {
            throw BenchmarkError("\(verdict.detector.name) spoke in '\(name)', which is meant to stay just below it")
        }
        return UInt64(monitor.byteCount + monitor.stateBytes)
    }

    // MARK: - The parsers

    /// How fast bytes are framed and read, beside copying them.
    mutating func parsing() -> Table {
        var text = SampleText(seed: 3)
        let stream = ChunkStream(text.prose(bytes: Self.textBytes), as: .content)
        let bytes = stream.bytes
        let payloads = stream.events.map(stream.payload)
        let payloadBytes = payloads.reduce(0) { $0 + $1.count }
        var copy = [UInt8](repeating: 0, count: bytes.count)

        let memory = watch.nanoseconds(per: bytes.count) {
            _ = bytes.withUnsafeBytes { memcpy(&copy, $0.baseAddress!, $0.count) }
            return UInt64(copy[copy.count / 2])
        }
        let splitting = watch.nanoseconds(per: bytes.count) {
            var splitter = EventSplitter()
            var index = 0
            var events: UInt64 = 0
            while splitter.advance(&index, in: bytes.span) { events += 1 }
            return events
        }
        let skipping = watch.nanoseconds(per: payloadBytes) {
            payloads.reduce(into: UInt64(0)) { sum, payload in
                var reader = JSONReader(at: payload.lowerBound)
                sum &+= UInt64(reader.skipValue(bytes.span).count)
            }
        }
        let reading = watch.nanoseconds(per: payloadBytes) {
            var format = ChatCompletions(id: "bench", created: 0, model: "bench")
            var events: [WireEvent] = []
            var sum: UInt64 = 0
            for payload in payloads {
                events.removeAll(keepingCapacity: true)
                _ = format.read(bytes.span.extracting(payload), into: &events)
                sum &+= UInt64(events.count)
            }
            return sum
        }

        var table = Table(["Reading \(bytes.count / 1_000) kB of chat chunks", "MB/s", "÷ memcpy"])
        let rows = [
            ("memcpy of the same bytes", memory), ("EventSplitter", splitting),
            ("JSONReader.skipValue of every payload", skipping), ("ChatCompletions.read of every payload", reading),
        ]
        for (name, nanosecondsPerByte) in rows {
            let ratio = memory.median / nanosecondsPerByte.median
            table.add([name, nanosecondsPerByte.map { 1_000 / $0 }.text, ratio.shortText])
        }
        return table
    }
}

import Glibc
import LoopDetection
import Replay
import Rules
import ServerSentEvents

/// Whole replays in memory, with the default rules: what `loopguard replay` does to a recording once it is read.
struct ReplayBenchmark {
    /// Streams of one kind.
    struct Case {
        let name: String
        let contents: [RecordedContent]
        var size: Int { contents.reduce(0) { $0 + $1.body.count } }
    }

    private var watch: Stopwatch
    private let simdjson: SimdjsonParser?
    private let replayer = Replayer(rules: .default)

    init(_ watch: Stopwatch, _ simdjson: SimdjsonParser?) {
        self.watch = watch
        self.simdjson = simdjson
    }

    var checksum: UInt64 { watch.checksum }

    /// Streams made here: an engine's chunks with four bytes of text each.
    static func generated() -> [Case] {
        var text = SampleText(seed: 4)
        let size = 262_144
        let streams: [(String, ChunkStream)] = [
            ("prose", ChunkStream(text.prose(bytes: size), as: .content)),
            ("reasoning", ChunkStream(text.prose(bytes: size), as: .reasoning)),
            ("code", ChunkStream(text.code(bytes: size), as: .content)),
            ("arguments of a call, held back", ChunkStream(text.arguments(bytes: size), as: .arguments)),
        ]
        return streams.map { name, stream in
            Case(name: name, contents: [RecordedContent(body: stream.bytes + Array("data: [DONE]\n\n".utf8))])
        }
    }

    /// Recordings from files, but for those that are stopped: of them the end would not be looked at.
    static func recorded(_ path: String) throws -> Case {
        let replayer = Replayer(rules: .default)
        var contents: [RecordedContent] = []
        for recording in try Recording.find([path]) {
            let result = replayer.replay(recording)
            if result.error != nil || result.verdict?.mode == .stop { continue }
            contents.append(try recording.content())
        }
        return Case(name: path, contents: contents)
    }

    /// Megabytes of stream a second, on one core.
    mutating func run(_ cases: [Case]) throws -> Table {
        var columns = ["Replay, all default detectors", "Bytes", "memcpy, MB/s"]
        if simdjson != nil { columns.append("simdjson, MB/s") }
        var table = Table(columns + ["replay, MB/s", "÷ memcpy"] + (simdjson == nil ? [] : ["÷ simdjson"]))
        for item in cases {
            let size = item.size
            let memory = copying(item)
            let parsing = try simdjson.map { parser in
                let payloads = item.contents.map { Payloads(of: $0.body) }
                return try watch.nanoseconds(per: size) {
                    try payloads.reduce(0) { $0 &+ (try parser.parse($1)) }
                }
            }
            let replaying = try watch.nanoseconds(per: size) {
                var sum: UInt64 = 0
                for content in item.contents {
                    let result = replayer.replay(content, file: item.name)
                    guard result.verdict?.mode != .stop else {
                        throw BenchmarkError("'\(item.name)' was stopped: \(result.jsonLine)")
                    }
                    sum &+= UInt64(result.outputBytes)
                }
                return sum
            }
            var cells = [item.name, String(size), memory.map { 1_000 / $0 }.text]
            if let parsing { cells.append(parsing.map { 1_000 / $0 }.text) }
            cells += [replaying.map { 1_000 / $0 }.text, (memory.median / replaying.median).shortText]
            if let parsing { cells.append((parsing.median / replaying.median).shortText) }
            table.add(cells)
        }
        return table
    }

    private mutating func copying(_ item: Case) -> Samples {
        var copy = [UInt8](repeating: 0, count: item.contents.map(\.body.count).max() ?? 0)
        return watch.nanoseconds(per: item.size) {
            var sum: UInt64 = 0
            for content in item.contents where !content.body.isEmpty {
                _ = content.body.withUnsafeBytes { memcpy(&copy, $0.baseAddress!, $0.count) }
                sum &+= UInt64(copy[content.body.count / 2])
            }
            return sum
        }
    }
}

/// Where the JSON lies in a stream.
struct Payloads {
    /// The stream, with room behind it that may be read.
    let bytes: [UInt8]
    private(set) var starts: [Int64] = []
    private(set) var ends: [Int64] = []

    init(of stream: [UInt8]) {
        bytes = stream + [UInt8](repeating: 0x20, count: 64)
        var start = 0
        for line in stream.split(separator: 0x0A, omittingEmptySubsequences: false) {
            defer { start += line.count + 1 }
            let prefix = line.starts(with: "data: ".utf8) ? 6 : line.starts(with: "data:".utf8) ? 5 : 0
            let payload = line.dropFirst(prefix)
            guard payload.first == UInt8(ascii: "{"), payload.last == UInt8(ascii: "}") else { continue }
            starts.append(Int64(start + prefix))
            ends.append(Int64(start + line.count))
        }
    }
}

/// simdjson (Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019), out of a library that is loaded when
/// it is there: nothing of loopguard links against it.
struct SimdjsonParser {
    private typealias Parse =
        @convention(c) (
            UnsafePointer<UInt8>, UnsafePointer<Int64>, UnsafePointer<Int64>, Int64
        ) -> UInt64
    private typealias Name = @convention(c) () -> UnsafePointer<CChar>
    private let function: Parse
    /// The kernel it has chosen for this processor.
    let kernel: String

    /// - Parameter path: What `Tools/simdjson/simdjson_parse.cpp` was compiled to.
    init(_ path: String) throws {
        guard let library = dlopen(path, RTLD_NOW), let parse = dlsym(library, "simdjson_parse_payloads"),
            let name = dlsym(library, "simdjson_kernel")
        else {
            let reason = dlerror().map { String(cString: $0) } ?? "it has not the functions"
            throw BenchmarkError(
                "\(path) cannot be loaded: \(reason); Tools/simdjson/simdjson_parse.cpp says how to make it"
            )
        }
        // The library is ours: its functions have these types.
        function = unsafeBitCast(parse, to: Parse.self)
        kernel = String(cString: unsafeBitCast(name, to: Name.self)())
    }

    func parse(_ payloads: Payloads) throws -> UInt64 {
        let sum = function(payloads.bytes, payloads.starts, payloads.ends, Int64(payloads.starts.count))
        if sum == .max { throw BenchmarkError("simdjson finds a payload that is no JSON") }
        return sum
    }
}

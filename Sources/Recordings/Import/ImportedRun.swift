import CXXHash
import Foundation

/// A request and its answer as somebody else kept them.
public struct ImportedRun: Sendable, Equatable {
    /// What was asked; its `source` says what it was read from.
    public var request: RecordedRequest
    /// The head of the answer, when it is known.
    public var head: RecordedHead?
    /// The body of the answer.
    public var body: [UInt8]
    /// How long it took, in seconds, when it is known.
    public var seconds: Double?

    init(_ request: RecordedRequest, head: RecordedHead? = nil, body: [UInt8], seconds: Double? = nil) {
        self.request = request
        self.head = head
        self.body = body
        self.seconds = seconds
    }

    /// The same request and answer have the same id, so that nothing is imported twice.
    public var id: String {
        func hash(_ bytes: [UInt8]) -> String {
            let word = bytes.withUnsafeBytes { loopguard_xxh3_64($0.baseAddress, $0.count) }
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return "import_" + hash(Array(request.path.utf8) + request.body) + hash(body)
    }

    /// The run's records: the body is one piece, since nobody kept when its parts came.
    var records: [RunRecord] {
        let end = Int64((seconds ?? 0) * 1e9)
        var events: [RunRecord.Event] = [.request(request)]
        if let head { events.append(.head(head)) }
        events.append(.bytes(.passed, body))
        events.append(.end(RecordedEnd(state: "completed", status: head?.status ?? 200, events: 0)))
        return events.enumerated().map { RunRecord(run: id, time: $0 == 0 ? 0 : end, $1) }
    }

    /// Reads a file: a raw `.sse` or `.ndjson` body, a HAR, a cassette of VCR, or what `curl -N` printed.
    /// - Throws: ``RecordingError`` when the file is none of these, or is damaged.
    public static func read(_ path: String) throws(RecordingError) -> [ImportedRun] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RecordingError(file: path, message: "no such file, or it cannot be read")
        }
        let modified = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        let file = ImportedFile(path: path, bytes: Array(data), started: modified?.timeIntervalSince1970 ?? 0)
        let runs: [ImportedRun]
        switch (path as NSString).pathExtension.lowercased() {
        case "sse", "ndjson": runs = try file.rawBody()
        case "har": runs = try file.archive()
        case "yaml", "yml": runs = try file.cassette()
        case "json": runs = try file.looksLikeArchive ? file.archive() : file.cassette()
        default: runs = try file.terminalOutput()
        }
        guard !runs.isEmpty else { throw RecordingError(file: path, message: "there is no answer in it") }
        return runs
    }
}

/// A file that is imported.
struct ImportedFile {
    let path: String
    let bytes: [UInt8]
    /// When it was last written to, for files that do not say when the run was.
    let started: Double

    func error(_ message: String) -> RecordingError { RecordingError(file: path, message: message) }

    /// A body as the engine sent it, with `NAME.request.json` beside it when that is there.
    func rawBody() throws(RecordingError) -> [ImportedRun] {
        let beside = (path as NSString).deletingPathExtension + ".request.json"
        let asked = FileManager.default.contents(atPath: beside).map { Array($0) } ?? []
        var request = RecordedRequest(started: started, path: "", body: asked, source: "file")
        request.model = Self.model(in: asked)
        return bytes.isEmpty ? [] : [ImportedRun(request, body: bytes)]
    }

    /// The facts of a request that was kept as a URL, headers and a body.
    func request(url: String, headers: [Header], body: [UInt8], started: Double?, source: String) -> RecordedRequest {
        var path = Substring(url)
        if let scheme = path.range(of: "://") {
            path = path[scheme.upperBound...]
            path = path.firstIndex(of: "/").map { path[$0...] } ?? "/"
        }
        return RecordedRequest(
            started: started ?? self.started,
            path: String(path.prefix { $0 != "?" }),
            model: Self.model(in: body),
            client: headers.first { $0.name.lowercased() == "user-agent" }?.value,
            headers: headers,
            body: body,
            source: source
        )
    }

    /// An answer; `nil` when there is nothing in it.
    func run(
        _ request: RecordedRequest,
        status: Int,
        headers: [Header],
        body: [UInt8],
        seconds: Double? = nil
    ) throws(RecordingError) -> ImportedRun? {
        guard !body.isEmpty else { return nil }
        let isGzip = body.starts(with: [0x1F, 0x8B])
        if isGzip { throw error("an answer in it is compressed; have it decompressed when it is recorded") }
        return ImportedRun(request, head: RecordedHead(status: status, headers: headers), body: body, seconds: seconds)
    }

    private static func model(in body: [UInt8]) -> String {
        let object = (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any]
        return object?["model"] as? String ?? ""
    }

    /// A point in time as ISO 8601 writes it, in Unix seconds.
    static func time(_ text: String?) -> Double? {
        guard let text else { return nil }
        let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return ((try? Date(text, strategy: fractional)) ?? (try? Date(text, strategy: .iso8601)))?.timeIntervalSince1970
    }
}

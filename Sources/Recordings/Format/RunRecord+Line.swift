import JSONBytes

extension RunRecord {
    /// The version of the format that this build writes. It reads every version up to this one.
    public static let version = 1

    /// The record as one line of JSON, with the line's end.
    public var line: [UInt8] {
        var line = JSONLine()
        if case .request = event { line.member("v", Self.version) }
        line.member("run", run)
        line.member("kind", event.kind)
        line.member("t", time)
        switch event {
        case .request(let request):
            line.member("started", request.started)
            line.member("format", request.format)
            line.member("path", request.path)
            line.member("model", request.model)
            line.member("client", request.client)
            line.member("key", request.key)
            line.member("source", request.source)
            if request.isTextRedacted { line.member("redacted", "text") }
            line.member("headers", request.headers)
            line.body(request.body)
        case .sent(let body):
            if let body { line.body(body) }
        case .head(let head):
            line.member("status", head.status)
            line.member("headers", head.headers)
        case .bytes(_, let bytes):
            line.body(bytes)
        case .verdict(let verdict):
            line.member("detector", verdict.detector)
            line.member("mode", verdict.mode)
            line.member("channel", verdict.channel)
            line.member("byte", verdict.byte)
            line.member("event", verdict.event)
            line.member("evidence", raw: [UInt8(ascii: "{")] + verdict.evidence + [UInt8(ascii: "}")])
        case .end(let end):
            line.member("state", end.state)
            line.member("reason", end.reason)
            line.member("status", end.status)
            line.member("events", end.events)
        case .dropped: break
        }
        return line.finished()
    }

    /// Reads a line, with or without its end. Members that are not known are skipped.
    public init(line bytes: Span<UInt8>) throws(Unreadable) {
        var fields = Fields()
        var reader = JSONReader()
        reader.readObject(bytes) { key, reader in fields.read(key, bytes, &reader) }
        guard reader.atEnd(bytes) else { throw Unreadable("not a JSON object") }
        if fields.isBadBase64 { throw Unreadable("'b64' is not base64") }
        if fields.version ?? 1 > Self.version {
            throw Unreadable("version \(fields.version ?? 0) of the format; this build reads up to \(Self.version)")
        }
        guard let run = fields.words["run"], !run.isEmpty else { throw Unreadable("'run' is missing") }
        guard let kind = fields.words["kind"] else { throw Unreadable("'kind' is missing") }
        guard let event = fields.event(kind) else {
            throw Unreadable("a '\(kind)' is not known, or something is missing in it")
        }
        self.init(run: run, time: Int64(fields.numbers["t"] ?? 0), event)
    }

    /// Why a line cannot be read.
    public struct Unreadable: Error, Equatable, CustomStringConvertible {
        /// What is wrong.
        public var description: String

        init(_ description: String) { self.description = description }
    }
}

extension RunRecord.Event {
    /// The name in the member `kind`.
    public var kind: String {
        switch self {
        case .request: "request"
        case .sent: "sent"
        case .head: "head"
        case .bytes(let flow, _): flow.rawValue
        case .verdict: "verdict"
        case .end: "end"
        case .dropped: "dropped"
        }
    }
}

/// The members of a line, gathered before it is known what they mean.
private struct Fields {
    var words: [String: String] = [:]
    var numbers: [String: Int] = [:]
    var version: Int?
    var started = 0.0
    var headers: [Header] = []
    var body: [UInt8]?
    var evidence: [UInt8] = []
    var isBadBase64 = false

    mutating func read(_ key: JSONReader.StringToken, _ bytes: Span<UInt8>, _ reader: inout JSONReader) {
        if bytes.equals(key, "text") {
            guard let token = reader.readStringOrSkip(bytes) else { return }
            var decoded: [UInt8] = []
            JSONString.decode(bytes, token, into: &decoded)
            body = decoded
        } else if bytes.equals(key, "b64") {
            guard let token = reader.readStringOrSkip(bytes) else { return }
            body = Base64.decode(bytes.copy(token.range))
            isBadBase64 = body == nil
        } else if bytes.equals(key, "headers") {
            reader.readArrayOrSkip(bytes) { _, reader in
                var pair: [String] = []
                reader.readArrayOrSkip(bytes) { _, reader in
                    pair.append(reader.readStringOrSkip(bytes).map { JSONString.string(bytes, $0) } ?? "")
                }
                if pair.count == 2 { headers.append(Header(pair[0], pair[1])) }
            }
        } else if bytes.equals(key, "evidence") {
            let range = bytes.trimmed(reader.skipValue(bytes))
            if range.count >= 2 { evidence = bytes.copy(range.lowerBound + 1..<range.upperBound - 1) }
        } else if bytes.equals(key, "started") {
            let range = reader.skipValue(bytes)
            started = Double(String(decoding: bytes.copy(range), as: UTF8.self)) ?? 0
        } else if bytes.equals(key, "v") {
            version = reader.readIntegerOrSkip(bytes)
        } else {
            let name = JSONString.string(bytes, key)
            switch reader.peek(bytes) {
            case .string: words[name] = reader.readString(bytes).map { JSONString.string(bytes, $0) }
            case .number: numbers[name] = reader.readIntegerOrSkip(bytes)
            default: reader.skipValue(bytes)
            }
        }
    }

    func event(_ kind: String) -> RunRecord.Event? {
        if let flow = RunRecord.Flow(rawValue: kind) { return body.map { .bytes(flow, $0) } }
        switch kind {
        case "request":
            return .request(
                RecordedRequest(
                    started: started,
                    format: words["format"],
                    path: words["path"] ?? "",
                    model: words["model"] ?? "",
                    client: words["client"],
                    key: words["key"],
                    headers: headers,
                    body: body ?? [],
                    isTextRedacted: words["redacted"] == "text",
                    source: words["source"]
                )
            )
        case "sent": return .sent(body)
        case "head": return numbers["status"].map { .head(RecordedHead(status: $0, headers: headers)) }
        case "verdict":
            guard let detector = words["detector"], let mode = words["mode"] else { return nil }
            return .verdict(
                RecordedVerdict(
                    detector: detector,
                    mode: mode,
                    channel: words["channel"],
                    byte: numbers["byte"] ?? 0,
                    event: numbers["event"] ?? 0,
                    evidence: evidence
                )
            )
        case "end":
            guard let state = words["state"] else { return nil }
            return .end(
                RecordedEnd(
                    state: state,
                    reason: words["reason"],
                    status: numbers["status"] ?? 0,
                    events: numbers["events"] ?? 0
                )
            )
        case "dropped": return .dropped
        default: return nil
        }
    }
}

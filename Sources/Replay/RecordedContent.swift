import Recordings
public import Rules

/// What a recording holds, as far as a replay needs it.
public struct RecordedContent: Sendable, Equatable {
    /// The response as the engine sent it.
    public var body: [UInt8]
    /// The body of the request, when it is known.
    public var request: [UInt8]?
    /// When the bytes came in; `nil` when nobody noted it.
    public var times: RecordedTimes?
    /// What rules may know of the request beside its body: headers, path, the name of its key.
    public var facts: RequestFacts

    /// Puts a recording together.
    public init(
        body: [UInt8],
        request: [UInt8]? = nil,
        times: RecordedTimes? = nil,
        facts: RequestFacts = RequestFacts()
    ) {
        self.body = body
        self.request = request
        self.times = times
        self.facts = facts
    }

    /// What a gateway has recorded of a run.
    init(_ run: RecordedRun) {
        var reads: [RecordedTimes.Read] = []
        body = []
        for record in run.records {
            guard case .bytes(let flow, let piece) = record.event, flow != .went else { continue }
            body += piece
            reads.append(.init(end: body.count, seconds: Double(record.time) / 1e9))
        }
        request = run.askedBody
        times = RecordedTimes(reads)
        facts = run.request.map { RequestFacts(path: $0.path, headers: $0.headers, keyName: $0.key) } ?? RequestFacts()
    }
}

extension RequestFacts {
    /// The facts that headers tell, as a gateway reads them.
    init(path: String? = nil, headers: [Header], keyName: String? = nil) {
        func first(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
        self.init(
            path: path,
            userAgent: first("user-agent"),
            keyName: keyName,
            headers: RequestHeaders(headers.map { ($0.name, $0.value) }),
            modeHeader: first("x-loopguard-mode"),
            disableHeader: first("x-loopguard-disable")
        )
    }
}

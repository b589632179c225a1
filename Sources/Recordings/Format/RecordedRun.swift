/// A whole run as it was recorded.
public struct RecordedRun: Sendable, Equatable {
    /// The run's id.
    public var id: String
    /// What happened, in order; a request comes first.
    public private(set) var records: [RunRecord]

    /// A run out of its records.
    public init(id: String, records: [RunRecord]) {
        self.id = id
        self.records = records
    }

    /// Loads a run.
    public init(_ summary: RunSummary) throws {
        var reader = try SegmentReader(path: summary.segment, in: summary.bytes, run: summary.id)
        id = summary.id
        records = []
        while let block = reader.next() {
            records += block.records.filter { $0.run == id }
        }
    }

    /// What the client asked for.
    public var request: RecordedRequest? {
        for record in records {
            if case .request(let request) = record.event { return request }
        }
        return nil
    }

    /// The body that the engine was asked with: the client's, unless another was sent.
    public var askedBody: [UInt8]? {
        for record in records.reversed() {
            if case .sent(let body) = record.event { return body ?? request?.body }
        }
        return request?.body
    }

    /// The head of the engine's answer.
    public var head: RecordedHead? {
        for record in records.reversed() {
            if case .head(let head) = record.event { return head }
        }
        return nil
    }

    /// The bytes that came from the engine.
    public var came: [UInt8] { bytes { $0 != .went } }

    /// The bytes that went to the client.
    public var went: [UInt8] { bytes { $0 != .came } }

    /// What the detectors found.
    public var verdicts: [RecordedVerdict] {
        records.compactMap { if case .verdict(let verdict) = $0.event { verdict } else { nil } }
    }

    /// How it ended.
    public var end: RecordedEnd? {
        for record in records.reversed() {
            if case .end(let end) = record.event { return end }
        }
        return nil
    }

    private func bytes(_ isWanted: (RunRecord.Flow) -> Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        for record in records {
            if case .bytes(let flow, let piece) = record.event, isWanted(flow) { bytes += piece }
        }
        return bytes
    }
}

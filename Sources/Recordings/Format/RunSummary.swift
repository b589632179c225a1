/// A run in a segment, without its bytes: what lists show, and where to find the rest.
public struct RunSummary: Sendable, Equatable {
    /// The run's id.
    public var id: String
    /// What the client asked for; its headers and its body are left out.
    public var request: RecordedRequest
    /// How it ended; `nil` while it runs, and for a run whose gateway died.
    public var end: RecordedEnd?
    /// The verdict that went furthest, the first of its kind.
    public var verdict: RecordedVerdict?
    /// Bytes that came from the engine.
    public var cameBytes = 0
    /// Bytes that went to the client.
    public var wentBytes = 0
    /// When the first bytes of the answer came, in nanoseconds since the run began.
    public var firstByte: Int64?
    /// When the last record was made, in nanoseconds since the run began.
    public var duration: Int64 = 0
    /// The segment's path.
    public var segment: String
    /// From the block of its first record to that of its last, in bytes of the segment.
    public var bytes: Range<Int>
    /// Whether a record says that the rest is missing.
    public var isDropped = false

    /// Begins a summary with the record of a run's request.
    public init(id: String, request: RecordedRequest, segment: String, bytes: Range<Int>) {
        self.id = id
        self.request = request
        self.request.headers = []
        self.request.body = []
        self.segment = segment
        self.bytes = bytes
    }

    /// Takes a later record of the run in.
    /// - Parameter bytes: Where its block stands in the segment.
    public mutating func add(_ record: RunRecord, in bytes: Range<Int>) {
        self.bytes = self.bytes.lowerBound..<max(self.bytes.upperBound, bytes.upperBound)
        duration = max(duration, record.time)
        switch record.event {
        case .bytes(let flow, let bytes):
            if flow != .went {
                cameBytes += bytes.count
                firstByte = firstByte ?? record.time
            }
            if flow != .came { wentBytes += bytes.count }
        case .verdict(let found):
            if found.severity > verdict?.severity ?? -1 { verdict = found }
        case .end(let end): self.end = end
        case .dropped: isDropped = true
        case .request, .sent, .head: break
        }
    }

    /// `completed`, `capped` and so on; `unfinished` when no end was recorded.
    public var state: String { end?.state ?? "unfinished" }

    /// The runs of a segment in the order in which they began, without those that were dropped.
    /// - Returns: The runs, and what could not be read.
    public static func runs(inSegment path: String) throws -> (runs: [RunSummary], losses: [SegmentReader.Loss]) {
        var reader = try SegmentReader(path: path)
        var order: [String] = []
        var runs: [String: RunSummary] = [:]
        while let block = reader.next() {
            for record in block.records {
                if case .request(let request) = record.event {
                    if runs[record.run] == nil { order.append(record.run) }
                    runs[record.run] = RunSummary(
                        id: record.run,
                        request: request,
                        segment: path,
                        bytes: block.bytes
                    )
                } else {
                    runs[record.run]?.add(record, in: block.bytes)
                }
            }
        }
        return (order.compactMap { runs[$0] }.filter { !$0.isDropped }, reader.losses)
    }
}

extension RecordedVerdict {
    /// The order of the modes.
    fileprivate var severity: Int { ["observe", "warn", "stop"].firstIndex(of: mode) ?? 0 }
}

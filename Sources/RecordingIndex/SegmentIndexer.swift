import GRDB
import GenerationWire
import Recordings

/// Reads a segment into the index, from where it was read to.
struct SegmentIndexer {
    private let segment: RecordingDirectory.Segment
    private let start: Int

    init(_ segment: RecordingDirectory.Segment, from start: Int) {
        self.segment = segment
        self.start = start
    }

    /// A run while it is read: what lists show, and its words.
    private struct Reading {
        var summary: RunSummary
        var asked = ""
        /// `nil` for a run whose beginning was read at an earlier time.
        var answer: Transcript?
        var isChanged = false
    }

    /// The most bytes of an answer that can be searched.
    private static let searchable = 65_536

    func run(_ database: Database) throws {
        var reader = try SegmentReader(path: segment.path, in: start..<segment.length)
        var runs = try unfinished(database)
        var read = start
        while let block = reader.next() {
            for record in block.records { take(record, block.bytes, &runs) }
            read = block.bytes.upperBound
        }
        for reading in runs.values where reading.isChanged { try store(reading, database) }
        let lost = reader.losses.filter { $0.bytes.lowerBound < read }.reduce(0) { $0 + $1.bytes.count }
        try database.execute(
            sql: """
                INSERT INTO segment (name, file, length, read, lost) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET file = excluded.file, length = excluded.length, read = excluded.read,
                    lost = lost + excluded.lost
                """,
            arguments: [segment.sealedName, segment.name, segment.length, read, lost]
        )
    }

    private func unfinished(_ database: Database) throws -> [String: Reading] {
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT * FROM run WHERE segment = ? AND state = 'unfinished' AND NOT dropped",
            arguments: [segment.sealedName]
        )
        return Dictionary(
            rows.map { ($0["id"], Reading(summary: RunSummary(row: $0, segment: segment.path))) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    private func take(_ record: RunRecord, _ bytes: Range<Int>, _ runs: inout [String: Reading]) {
        if case .request(let request) = record.event {
            var reading = Reading(
                summary: RunSummary(id: record.run, request: request, segment: segment.path, bytes: bytes)
            )
            reading.asked = RequestText.last(of: request.body)
            if let format = WireFormat(path: request.path) {
                reading.answer = Transcript(format: format, limit: Self.searchable)
            }
            reading.isChanged = true
            runs[record.run] = reading
            return
        }
        guard var reading = runs.removeValue(forKey: record.run) else { return }
        reading.summary.add(record, in: bytes)
        reading.isChanged = true
        if case .bytes(let flow, let bytes) = record.event, flow != .went { reading.answer?.receive(bytes) }
        runs[record.run] = reading
    }

    private func store(_ reading: Reading, _ database: Database) throws {
        var columns = reading.summary.columns
        columns["segment"] = segment.sealedName
        let names = columns.keys.sorted()
        let updates = names.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        try database.execute(
            sql: """
                INSERT INTO run (\(names.joined(separator: ", "))) VALUES (\(names.map { ":\($0)" }.joined(separator: ", ")))
                ON CONFLICT (segment, id) DO UPDATE SET \(updates)
                """,
            arguments: StatementArguments(columns)
        )
        guard let words = try words(of: reading) else { return }
        let number = try Int64.fetchOne(
            database,
            sql: "SELECT number FROM run WHERE segment = ? AND id = ?",
            arguments: [segment.sealedName, reading.summary.id]
        )
        try database.execute(
            sql: "INSERT OR REPLACE INTO words (rowid, asked, answered) VALUES (?, ?, ?)",
            arguments: [number, words.asked, words.answered]
        )
    }

    private func words(of reading: Reading) throws -> (asked: String, answered: String)? {
        guard reading.summary.end != nil || reading.answer != nil else { return nil }
        var (asked, answer) = (reading.asked, reading.answer)
        if answer == nil, let format = WireFormat(path: reading.summary.request.path) {
            // The run began before the part that was read now: its words are to be had from the whole.
            let run = try RecordedRun(reading.summary)
            asked = RequestText.last(of: run.request?.body ?? [])
            var whole = Transcript(format: format, limit: Self.searchable)
            whole.receive(run.came)
            answer = whole
        }
        answer?.finish()
        return (asked, answer?.passages.map(\.text).joined(separator: "\n") ?? "")
    }
}

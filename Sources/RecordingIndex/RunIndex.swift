import Foundation
import GRDB
import GenerationWire
public import Recordings

/// An index of a folder's recordings, in SQLite beside them: `index.sqlite`.
///
/// It holds nothing that the segments do not, and is brought up to date by reading what was added to them. Where it
/// cannot be written it is made in memory.
public final class RunIndex {
    /// The folder.
    public let directory: RecordingDirectory
    private let database: DatabaseQueue

    /// The name of its file.
    public static let name = "index.sqlite"

    /// Opens the index of a folder, or makes it.
    public init(_ directory: RecordingDirectory) throws {
        self.directory = directory
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw RecordingError(file: directory.path, message: "no such folder")
        }
        let path = "\(directory.path)/\(Self.name)"
        // A folder without recordings gets no file from somebody who looks for some.
        let hasRecordings = try FileManager.default.fileExists(atPath: path) || !directory.segments().isEmpty
        database = try hasRecordings ? Self.open(path) : Self.inMemory()
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        for isSecondTry in [false, true] {
            do {
                // What was said can be searched in it: nobody else's business. SQLite's other files follow it.
                if !FileManager.default.fileExists(atPath: path) {
                    let mode: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
                    _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: mode)
                }
                let database = try DatabaseQueue(path: path, configuration: configuration)
                try database.write { try prepare($0) }
                return database
            } catch let error as DatabaseError
                where [.SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM].contains(error.resultCode)
            {
                break
            } catch let error as DatabaseError where !isSecondTry && error.resultCode != .SQLITE_BUSY {
                // Not an index at all, or a damaged one: it is made anew.
                try remove(path)
            }
        }
        return try inMemory()
    }

    private static func inMemory() throws -> DatabaseQueue {
        let database = try DatabaseQueue()
        try database.write { try prepare($0) }
        return database
    }

    private static func prepare(_ database: Database) throws {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        if version == IndexSchema.version { return }
        for table in ["segment", "run", "words"] { try database.execute(sql: "DROP TABLE IF EXISTS \(table)") }
        try IndexSchema.create(in: database)
    }

    private static func remove(_ path: String) throws {
        for ending in ["", "-journal", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + ending) {
            try FileManager.default.removeItem(atPath: path + ending)
        }
    }

    /// Forgets everything and reads the segments from the beginning.
    public func rebuild() throws {
        try database.write { database in
            for table in ["segment", "run", "words"] { try database.execute(sql: "DROP TABLE \(table)") }
            try IndexSchema.create(in: database)
        }
        try refresh()
    }

    /// Reads what was added to the segments since the last time, and forgets segments that are gone.
    public func refresh() throws {
        let segments = try directory.segments()
        try database.write { database in
            let known = try Row.fetchAll(database, sql: "SELECT name, file, length, read FROM segment")
            let names = Dictionary(segments.map { ($0.sealedName, $0) }) { _, last in last }
            for row in known where names[row["name"]] == nil { try forget(row["name"], in: database) }
            for (name, segment) in names.sorted(by: { $0.key < $1.key }) {
                let row = known.first { $0["name"] == name }
                if row?["file"] == segment.name, row?["length"] == segment.length { continue }
                // A file that became shorter is another one.
                let isShorter = (row?["length"] ?? 0) > segment.length
                if isShorter { try forget(name, in: database) }
                try SegmentIndexer(segment, from: isShorter ? 0 : row?["read"] ?? 0).run(database)
            }
        }
    }

    private func forget(_ name: String, in database: Database) throws {
        try database.execute(
            sql: """
                DELETE FROM words WHERE rowid IN (SELECT number FROM run WHERE segment = :name);
                DELETE FROM run WHERE segment = :name;
                DELETE FROM segment WHERE name = :name;
                """,
            arguments: ["name": name]
        )
    }

    /// The runs that a query asks for, newest first.
    public func runs(_ query: RunQuery = RunQuery()) throws -> [RunSummary] {
        var conditions = ["NOT dropped"]
        var arguments: [any DatabaseValueConvertible] = []
        func require(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments.append(value)
        }
        require("state = ?", query.state)
        require("model GLOB ?", query.model)
        require("client GLOB ?", query.client)
        require("detector = ?", query.detector)
        require("started >= ?", query.since)
        require("number IN (SELECT rowid FROM words WHERE words MATCH ?)", query.text.map(Self.words))
        arguments.append(query.limit)
        let sql = """
            SELECT run.*, segment.file FROM run JOIN segment ON segment.name = run.segment
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY started DESC, number DESC LIMIT ?
            """
        return try database.read { database in
            try Row.fetchAll(database, sql: sql, arguments: StatementArguments(arguments)).map { summary($0) }
        }
    }

    /// The run whose id begins like this; `nil` when there is none.
    /// - Throws: ``RecordingError`` when several do.
    public func run(_ beginning: String) throws -> RunSummary? {
        let sql = """
            SELECT run.*, segment.file FROM run JOIN segment ON segment.name = run.segment
            WHERE NOT dropped AND substr(id, 1, length(?1)) = ?1 ORDER BY id = ?1 DESC, started DESC LIMIT 2
            """
        let found = try database.read { database in
            try Row.fetchAll(database, sql: sql, arguments: [beginning]).map { summary($0) }
        }
        guard let first = found.first else { return nil }
        if found.count > 1, first.id != beginning, found[1].id != first.id {
            throw RecordingError(file: directory.path, message: "several runs begin with '\(beginning)'")
        }
        return first
    }

    /// Bytes of segments that could not be read.
    public var lostBytes: Int {
        get throws { try database.read { try Int.fetchOne($0, sql: "SELECT sum(lost) FROM segment") ?? 0 } }
    }

    /// Words as FTS5 takes them: each in quotes, so that none of them is an operator.
    private static func words(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).map { "\"\($0.replacing("\"", with: "\"\""))\"" }
            .joined(separator: " ")
    }

    private func summary(_ row: Row) -> RunSummary {
        RunSummary(row: row, segment: "\(directory.path)/\(row["file"] as String)")
    }
}

extension RecordingDirectory.Segment {
    /// The file's name.
    var name: String { String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]) }

    /// The name that it has, or will have, when it is closed.
    var sealedName: String { isOpen ? name.replacing(".open.", with: ".") : name }
}

import Foundation
import GenerationWire
import Recordings

/// A recorded response body, with the request that caused it when that is known.
///
/// `NAME.sse` or `NAME.ndjson` is the body; `NAME.request.json` beside it is the request's body. A line of
/// `NAME.corpus.jsonl` is a recording as well: it holds the text of both, and a label. So is every run that a gateway has
/// recorded: it is named by its id in the folder of the segments.
public struct Recording: Sendable, Equatable {
    /// The file as it was named or found; behind `#`, the name of the entry in a file that holds many.
    public var path: String
    private var entry: CorpusEntry?
    private var run: RunSummary?

    /// Creates a recording from the path of its body.
    public init(path: String) { self.path = path }

    private init(_ entry: CorpusEntry, in path: String) {
        self.path = "\(path)#\(entry.name)"
        self.entry = entry
    }

    /// A run of a segment. Its path is the run's id in the segment's folder.
    private init(_ run: RunSummary) {
        path = (run.segment.lastIndex(of: "/").map { String(run.segment[...$0]) } ?? "") + run.id
        self.run = run
    }

    /// The name endings that a body may have.
    public static let bodyEndings = [".sse", ".ndjson"]

    /// The name ending of files with many recordings, one in a line.
    public static let corpusEnding = ".corpus.jsonl"

    /// All recordings that the given paths name: files as they are, folders with all bodies below them, sorted.
    /// - Throws: ``ReplayError`` for a path that is not there, for a folder without a body, and for a line of a corpus
    ///   that cannot be read.
    public static func find(_ paths: [String]) throws(ReplayError) -> [Recording] {
        var found: [Recording] = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                if let run = try recordedRun(at: path) {
                    found.append(Recording(run))
                    continue
                }
                throw ReplayError(file: path, message: "no such file or folder")
            }
            guard isFolder.boolValue else {
                found += try recordings(in: path)
                continue
            }
            let endings = bodyEndings + [corpusEnding] + SegmentReader.endings
            let below = FileManager.default.subpaths(atPath: path) ?? []
            let bodies = below.filter { name in endings.contains { name.hasSuffix($0) } }.sorted()
            if bodies.isEmpty {
                throw ReplayError(
                    file: path,
                    message: "the folder holds no recording (looked for names ending in "
                        + endings.joined(separator: ", ") + ")"
                )
            }
            let base = path.hasSuffix("/") ? path : path + "/"
            for body in bodies { found += try recordings(in: base + body) }
        }
        return found
    }

    /// The recordings in a file: itself, or its lines.
    private static func recordings(in path: String) throws(ReplayError) -> [Recording] {
        if RecordingDirectory.isSegment(path) {
            return try reading(path) { try RunSummary.runs(inSegment: path).runs }.map { Recording($0) }
        }
        guard path.hasSuffix(corpusEnding) else { return [Recording(path: path)] }
        var recordings: [Recording] = []
        for (number, line) in try read(path).split(separator: UInt8(ascii: "\n")).enumerated() {
            do throws(CorpusEntry.Mistake) {
                recordings.append(Recording(try CorpusEntry(line: Array(line)), in: path))
            } catch {
                throw ReplayError(file: path, message: "line \(number + 1): \(error.message)")
            }
        }
        return recordings
    }

    /// Whether there is a file at the path, or a recorded run.
    static func exists(_ path: String) throws(ReplayError) -> Bool {
        if FileManager.default.fileExists(atPath: path) { return true }
        return try recordedRun(at: path) != nil
    }

    /// The run that a path names by its id, behind the folder of its recording.
    private static func recordedRun(at path: String) throws(ReplayError) -> RunSummary? {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[..<$0]) } ?? "."
        guard FileManager.default.fileExists(atPath: folder) else { return nil }
        return try reading(path) {
            try RecordingDirectory(folder).run(String(path[(slash.map(path.index(after:)) ?? path.startIndex)...]))
        }
    }

    private static func reading<Value>(_ file: String, _ read: () throws -> Value) throws(ReplayError) -> Value {
        do { return try read() } catch {
            throw ReplayError(file: file, message: "cannot be read: \(error.localizedDescription)")
        }
    }

    /// The body.
    public func body() throws(ReplayError) -> [UInt8] {
        if let run { return try Self.reading(path) { try RecordedRun(run).came } }
        if let entry { return entry.stream() }
        return try Self.read(path)
    }

    /// The body of the request, when it is known.
    public func requestBody() throws(ReplayError) -> [UInt8]? {
        if let entry { return entry.request }
        if let run { return try Self.reading(path) { try RecordedRun(run).askedBody } }
        guard let ending = Self.bodyEndings.first(where: { path.hasSuffix($0) }) else { return nil }
        let beside = String(path.dropLast(ending.count)) + ".request.json"
        return FileManager.default.fileExists(atPath: beside) ? try Self.read(beside) : nil
    }

    /// The label that the recording itself bears.
    var ownLabel: Label? { entry?.label }

    static func read(_ path: String) throws(ReplayError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw ReplayError(file: path, message: "cannot be read: \(error.localizedDescription)")
        }
    }
}

/// What kept a recording from being replayed.
public struct ReplayError: Error, Equatable, CustomStringConvertible {
    /// The file it is about.
    public var file: String
    /// What is wrong.
    public var message: String

    /// Creates an error.
    public init(file: String, message: String) {
        self.file = file
        self.message = message
    }

    /// `FILE: MESSAGE`
    public var description: String { "\(file): \(message)" }
}

import Foundation
import GenerationWire
import Glibc
import Recordings
import Rules

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
    /// A line of JSON Lines that brings or names the recording.
    private(set) var line: StreamLine?
    /// Why it cannot be replayed, when its line in a file could not be read.
    private var fault: String?

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

    /// The recording in a line of a `.corpus.jsonl` file.
    init(corpusLine line: [UInt8], number: Int, in path: String) {
        do throws(CorpusEntry.Mistake) {
            self.init(try CorpusEntry(line: line), in: path)
        } catch {
            self.init(path: "\(path):\(number)", fault: error.message)
        }
    }

    /// The recording that a line of JSON Lines brings or names; docs/replay.md says how. A line that cannot be read
    /// becomes a recording that cannot be replayed.
    public init(jsonLine line: [UInt8], number: Int) {
        do throws(StreamLine.Mistake) {
            let stream = try StreamLine(line)
            self.init(path: stream.path ?? "line \(number)")
            self.line = stream
        } catch {
            // A line of a corpus is a recording, too.
            if let entry = try? CorpusEntry(line: line) {
                self.init(path: entry.name)
                self.entry = entry
            } else {
                self.init(path: "line \(number)", fault: error.message)
            }
        }
    }

    /// What should have been a recording.
    init(path: String, fault: String) {
        self.path = path
        self.fault = fault
    }

    /// The name endings that a body may have.
    public static let bodyEndings = [".sse", ".ndjson"]

    /// The name ending of files with many recordings, one in a line.
    public static let corpusEnding = ".corpus.jsonl"

    /// The name endings of files in a folder that are taken for a recording, or for many.
    public static let endings = bodyEndings + [corpusEnding] + SegmentReader.endings

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
    static func recordings(in path: String) throws(ReplayError) -> [Recording] {
        if RecordingDirectory.isSegment(path) {
            return try reading(path) { try RunSummary.runs(inSegment: path).runs }.map { Recording($0) }
        }
        if !FileManager.default.fileExists(atPath: path), let run = try recordedRun(at: path) {
            return [Recording(run)]
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

    /// Loads what the recording holds.
    public func content() throws(ReplayError) -> RecordedContent {
        if let fault { throw ReplayError(file: path, message: fault) }
        if let run { return try Self.reading(path) { RecordedContent(try RecordedRun(run)) } }
        if let entry { return RecordedContent(body: entry.stream(), request: entry.request) }
        let file = line?.path ?? path
        let body = if let body = line?.body { body } else { try Self.read(file) }
        let request = if let request = line?.request { request } else { try Self.request(beside: file) }
        return RecordedContent(body: body, request: request, times: line?.times, facts: line?.facts ?? RequestFacts())
    }

    /// The body of the request beside the file of a response's body, when it is there.
    private static func request(beside path: String) throws(ReplayError) -> [UInt8]? {
        guard let ending = bodyEndings.first(where: { path.hasSuffix($0) }) else { return nil }
        let beside = String(path.dropLast(ending.count)) + ".request.json"
        return FileManager.default.fileExists(atPath: beside) ? try read(beside) : nil
    }

    /// The size of its file, when it has one of its own.
    var fileSize: Int? {
        guard entry == nil, run == nil, line?.body == nil, fault == nil else { return nil }
        var facts = stat()
        return stat(line?.path ?? path, &facts) == 0 ? Int(facts.st_size) : nil
    }

    /// The label that the recording itself bears.
    var ownLabel: Label? { entry?.label }

    static func read(_ path: String) throws(ReplayError) -> [UInt8] {
        do {
            return try [UInt8](file: path)
        } catch {
            throw ReplayError(file: path, message: "cannot be read: \(String(cString: strerror(error.code)))")
        }
    }
}

extension [UInt8] {
    /// What a call of the system said.
    fileprivate struct SystemError: Error { var code: Int32 }

    /// Reads a file into one array, which `Data` would copy once more.
    fileprivate init(file path: String) throws(SystemError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(code: errno) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw SystemError(code: errno) }
        guard facts.st_mode & S_IFMT != S_IFDIR else { throw SystemError(code: EISDIR) }
        var failure: Int32?
        // One more byte than the file has, so that its end is seen without asking again.
        var room = Int(facts.st_size) + 1
        self = []
        repeat {
            let known = count
            let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
                while filled < room {
                    let count = Glibc.read(descriptor, buffer.baseAddress! + filled, room - filled)
                    if count < 0, errno == EINTR { continue }
                    if count < 0 { failure = errno }
                    guard count > 0 else { return }
                    filled += count
                }
            }
            if known == 0 { self = piece } else { self += piece }
            if let failure { throw SystemError(code: failure) }
            // A pipe, or a file that has grown.
            guard piece.count == room else { return }
            room = Swift.max(65_536, count)
        } while true
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

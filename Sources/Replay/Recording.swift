import Foundation
import GenerationWire

/// A recorded response body, with the request that caused it when that is known.
///
/// `NAME.sse` or `NAME.ndjson` is the body; `NAME.request.json` beside it is the request's body. A line of
/// `NAME.corpus.jsonl` is a recording as well: it holds the text of both, and a label.
public struct Recording: Sendable, Equatable {
    /// The file as it was named or found; behind `#`, the name of the entry in a file that holds many.
    public var path: String
    private var entry: CorpusEntry?

    /// Creates a recording from the path of its body.
    public init(path: String) { self.path = path }

    private init(_ entry: CorpusEntry, in path: String) {
        self.path = "\(path)#\(entry.name)"
        self.entry = entry
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
                throw ReplayError(file: path, message: "no such file or folder")
            }
            guard isFolder.boolValue else {
                found += try recordings(in: path)
                continue
            }
            let endings = bodyEndings + [corpusEnding]
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

    /// The body.
    public func body() throws(ReplayError) -> [UInt8] {
        if let entry { return entry.stream() }
        return try Self.read(path)
    }

    /// The body of the request, when it is known.
    public func requestBody() throws(ReplayError) -> [UInt8]? {
        if let entry { return entry.request }
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

import Foundation
import Glibc

/// All recordings that paths name, found one by one, so that a folder may hold any number of them.
///
/// The order is that of ``Recording/find(_:)``: the paths as they were given, in each folder the sorted names. What is in
/// memory is the names of the folders between a path and the recording at hand. `-` stands for JSON Lines on standard
/// input.
public struct RecordingWalk: Sequence {
    let paths: [String]

    /// The path that stands for JSON Lines on standard input.
    public static let standardInput = "-"

    /// A walk over paths.
    /// - Throws: ``ReplayError`` for a path that is not there.
    public init(_ paths: [String]) throws(ReplayError) {
        for path in paths where path != Self.standardInput {
            guard try Recording.exists(path) else { throw ReplayError(file: path, message: "no such file or folder") }
        }
        self.paths = paths
    }

    /// How many bytes the bodies have, for telling how far a replay is; `nil` where only reading them would tell: of
    /// standard input, and of files that hold many recordings in short.
    public func size() -> Int? {
        guard !paths.contains(Self.standardInput) else { return nil }
        var files = FileWalk(paths)
        var total = 0
        while let file = files.next() {
            guard Recording.bodyEndings.contains(where: file.path.hasSuffix) else { return nil }
            total += file.size
        }
        return total
    }

    public func makeIterator() -> Iterator { Iterator(files: FileWalk(paths)) }

    /// Walks.
    public struct Iterator: IteratorProtocol {
        fileprivate var files: FileWalk
        private var lines: (reader: LineReader, path: String)?
        /// What is left of a file with several, the next one last.
        private var several: [Recording] = []

        fileprivate init(files: FileWalk) { self.files = files }

        /// The next recording. What cannot be read is one, too: its replay says why.
        public mutating func next() -> Recording? {
            while true {
                if let recording = several.popLast() ?? nextLine() { return recording }
                guard let file = files.next() else { return nil }
                do throws(ReplayError) {
                    if file.path == RecordingWalk.standardInput || file.path.hasSuffix(Recording.corpusEnding) {
                        lines = (try LineReader(file.path), file.path)
                    } else {
                        several = try Recording.recordings(in: file.path).reversed()
                    }
                } catch {
                    return Recording(path: file.path, fault: error.message)
                }
            }
        }

        private mutating func nextLine() -> Recording? {
            guard let (reader, path) = lines else { return nil }
            while let line = reader.next() {
                if line.allSatisfy({ $0 <= 0x20 }) { continue }
                return path == RecordingWalk.standardInput
                    ? Recording(jsonLine: line, number: reader.number)
                    : Recording(corpusLine: line, number: reader.number, in: path)
            }
            lines = nil
            return nil
        }
    }
}

/// A file that holds one recording or many.
private struct Entry {
    var path: String
    var isFolder: Bool
    var size: Int

    /// - Returns: `nil` when it is not there.
    init?(_ path: String, followsLinks: Bool = true) {
        var facts = stat()
        guard (followsLinks ? stat(path, &facts) : lstat(path, &facts)) == 0 else { return nil }
        self.path = path
        isFolder = facts.st_mode & S_IFMT == S_IFDIR
        size = Int(facts.st_size)
    }
}

private func isNamedLikeRecordings(_ name: String) -> Bool { Recording.endings.contains { name.hasSuffix($0) } }

/// The files that paths name, in order.
private struct FileWalk {
    /// What is still to be visited, the next one last: paths, and in each folder entered the names that are left.
    private var open: [(folder: String, names: [String])]

    init(_ paths: [String]) { open = [("", paths.reversed())] }

    mutating func next() -> (path: String, size: Int)? {
        while let level = open.indices.last {
            guard let name = open[level].names.popLast() else {
                open.removeLast()
                continue
            }
            let path = open[level].folder + name
            if level == 0, name == RecordingWalk.standardInput { return (path, 0) }
            guard let entry = Entry(path) else {
                // What was named and is no file is a recording by another name.
                if level == 0 { return (path, 0) }
                continue
            }
            if entry.isFolder {
                // A link to a folder may lead back to where it lies: only one that was named is followed.
                guard level == 0 || name.hasSuffix("/") else { continue }
                let folder = path.hasSuffix("/") ? path : path + "/"
                open.append((folder, Self.names(in: folder)))
            } else if level == 0 || isNamedLikeRecordings(name) {
                return (path, entry.size)
            }
        }
        return nil
    }

    /// The names in a folder, last first. Folders are sorted with the slash behind their name, so that whole paths are in
    /// order.
    private static func names(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { name in
            if isNamedLikeRecordings(name) { return name }
            return Entry(folder + name, followsLinks: false)?.isFolder == true ? name + "/" : nil
        }
        .sorted(by: >)
    }
}

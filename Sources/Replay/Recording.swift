import Foundation
import GenerationWire

/// A recorded response body on disk, with the request that caused it when that lies beside it.
///
/// `NAME.sse` or `NAME.ndjson` is the body; `NAME.request.json` is the request's body.
public struct Recording: Sendable, Equatable {
    /// The file as it was named or found.
    public var path: String

    /// Creates a recording from the path of its body.
    public init(path: String) { self.path = path }

    /// The name endings that a body may have.
    public static let bodyEndings = [".sse", ".ndjson"]

    /// All recordings that the given paths name: files as they are, folders with all bodies below them, sorted.
    /// - Throws: ``ReplayError`` for a path that is not there, and for a folder without a body.
    public static func find(_ paths: [String]) throws(ReplayError) -> [Recording] {
        var found: [Recording] = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw ReplayError(file: path, message: "no such file or folder")
            }
            guard isFolder.boolValue else {
                found.append(Recording(path: path))
                continue
            }
            let below = FileManager.default.subpaths(atPath: path) ?? []
            let bodies = below.filter { name in bodyEndings.contains { name.hasSuffix($0) } }.sorted()
            if bodies.isEmpty {
                throw ReplayError(
                    file: path,
                    message: "the folder holds no recording (looked for names ending in "
                        + bodyEndings.joined(separator: " or ") + ")"
                )
            }
            let base = path.hasSuffix("/") ? path : path + "/"
            found += bodies.map { Recording(path: base + $0) }
        }
        return found
    }

    /// The body.
    public func body() throws(ReplayError) -> [UInt8] { try Self.read(path) }

    /// The body of the request, when it lies beside the response.
    public func requestBody() throws(ReplayError) -> [UInt8]? {
        guard let ending = Self.bodyEndings.first(where: { path.hasSuffix($0) }) else { return nil }
        let beside = String(path.dropLast(ending.count)) + ".request.json"
        return FileManager.default.fileExists(atPath: beside) ? try Self.read(beside) : nil
    }

    private static func read(_ path: String) throws(ReplayError) -> [UInt8] {
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

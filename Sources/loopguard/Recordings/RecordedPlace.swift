import ArgumentParser
import RecordingIndex
import Recordings

/// A folder of recordings, or one run in it: `FOLDER` or `FOLDER/run_…`, of which the beginning of the id is enough.
struct RecordedPlace {
    let index: RunIndex
    /// The run, when one is named.
    let run: RunSummary?

    /// Opens the index and brings it up to date.
    init(_ path: String) throws {
        do {
            if let index = try? RunIndex(RecordingDirectory(path)) {
                self.index = index
                try index.refresh()
                run = nil
                return
            }
            let slash = path.lastIndex(of: "/")
            let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            let id = String(path[(slash.map(path.index(after:)) ?? path.startIndex)...])
            index = try RunIndex(RecordingDirectory(folder))
            try index.refresh()
            guard let found = try index.run(id) else {
                throw ValidationError("\(path): no such folder, and no run in \(folder) whose id begins with '\(id)'.")
            }
            run = found
        } catch let error as RecordingError {
            throw ValidationError(error.description)
        }
    }

    /// One run.
    static func run(_ path: String) throws -> RunSummary {
        guard let run = try RecordedPlace(path).run else {
            throw ValidationError("\(path) is a folder; name a run in it, such as \(path)/run_1a2b.")
        }
        return run
    }
}

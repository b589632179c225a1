import Foundation
import Glibc

/// The rows of a replay on disk, so that one that was interrupted goes on where it was.
///
/// The first line says which replay it is; each line after it is a row. Rows are written in the order of the recordings,
/// so what is there is a beginning of the replay. A line that was cut in the middle is written anew.
public final class ReplayJournal {
    private let path: String
    private let reader: LineReader?
    private var descriptor: Int32 = -1
    /// Where the rows that hold end.
    private var end: Int

    /// Opens the journal of a replay, or begins it.
    /// - Parameter identity: What the replay is: the text of its rules, its paths, what it asks for.
    public init(_ path: String, identity: [String]) throws(ReplayError) {
        self.path = path
        let head = Self.head(identity)
        if access(path, F_OK) == 0 {
            let reader = try LineReader(path)
            guard reader.next() == Array(head.utf8) else {
                throw ReplayError(
                    file: path,
                    message: "belongs to another replay (other rules, paths or format); name another file, or remove it"
                )
            }
            self.reader = reader
            end = head.utf8.count + 1
        } else {
            reader = nil
            end = 0
            try openForWriting()
            try append(head)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The row of the next recording, when the journal has it. After the first that it has not, it has none.
    public func next(_ recording: Recording) -> ReplayRow? {
        guard descriptor < 0, let reader, let line = reader.next(), !reader.isCut,
            let row = try? JSONDecoder().decode(ReplayRow.self, from: Data(line)),
            row.result.file == recording.path, recording.fileSize.map({ $0 == row.result.bodyBytes }) ?? true
        else {
            return nil
        }
        end += line.count + 1
        return row
    }

    /// Writes the row of a recording behind those that hold.
    public func add(_ row: ReplayRow) throws(ReplayError) {
        try openForWriting()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Nothing in a row can fail to encode: strings, whole numbers and finite shares.
        try append(String(decoding: (try? encoder.encode(row)) ?? Data(), as: UTF8.self))
    }

    private func openForWriting() throws(ReplayError) {
        guard descriptor < 0 else { return }
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0, ftruncate(descriptor, off_t(end)) == 0, lseek(descriptor, 0, SEEK_END) >= 0 else {
            throw ReplayError(file: path, message: "cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    private func append(_ line: String) throws(ReplayError) {
        var bytes = Array(line.utf8)
        bytes.append(UInt8(ascii: "\n"))
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw ReplayError(file: path, message: "cannot be written: \(String(cString: strerror(errno)))")
            }
            written += count
        }
    }

    private static func head(_ identity: [String]) -> String {
        var object = JSONObject()
        object.add("loopguard_replay", 1)
        object.add("of", text: identity.joined(separator: "\n"))
        return object.text
    }
}

import Foundation
import Glibc
import JSONBytes

/// The labels of the recordings in one folder: `labels.jsonl`, one line for each.
///
/// ```json
/// {"file":"2026-03-01-17.sse","label":"loop","channel":"reasoning","began":812}
/// {"file":"2026-03-01-18.sse","label":"healthy"}
/// ```
///
/// The last line about a file counts, so marking only ever adds a line, and whoever marks at the same time, be it a command
/// or a gateway, loses nothing. `class` may name a group for scores.
public struct LabelFile: Sendable, Equatable {
    /// The name of the file in its folder.
    public static let name = "labels.jsonl"
    /// The labels by the name of the recording in the folder.
    public private(set) var labels: [String: Label] = [:]

    /// Reads the labels of a folder; without the file there are none.
    public init(folder: String) throws(ReplayError) {
        let path = Self.path(in: folder)
        guard FileManager.default.fileExists(atPath: path) else { return }
        let lines = try Recording.read(path).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() where !line.allSatisfy({ $0 <= 0x20 }) {
            guard let (file, label) = Self.label(Array(line)) else {
                throw ReplayError(
                    file: path,
                    message: "line \(number + 1): expected {\"file\":NAME,\"label\":\"loop\" or \"healthy\"}, with "
                        + "\"channel\" and \"began\" where it is known"
                )
            }
            labels[file] = label
        }
    }

    /// The label of each recording that has one: its own, or what the folder's labels say.
    public static func labels(of recordings: [Recording]) throws(ReplayError) -> [Label?] {
        var files: [String: LabelFile] = [:]
        var labels: [Label?] = []
        for recording in recordings {
            if let label = recording.ownLabel {
                labels.append(label)
                continue
            }
            let (folder, name) = split(recording.path)
            let file: LabelFile
            if let known = files[folder] { file = known } else { file = try LabelFile(folder: folder) }
            files[folder] = file
            labels.append(file.labels[name])
        }
        return labels
    }

    /// Marks a recording: adds a line to the file of its folder.
    public static func mark(_ recording: String, _ label: Label) throws(ReplayError) {
        guard try Recording.exists(recording) else {
            throw ReplayError(file: recording, message: "no such file or recorded run")
        }
        let (folder, name) = split(recording)
        try add(label, to: name, in: folder)
    }

    /// Marks a run by its id without looking for its recording, of which nothing may be on the disk as yet.
    public static func mark(run id: String, in folder: String, _ label: Label) throws(ReplayError) {
        try add(label, to: id, in: folder.hasSuffix("/") ? folder : folder + "/")
    }

    private static func add(_ label: Label, to name: String, in folder: String) throws(ReplayError) {
        let path = path(in: folder)
        do {
            try AppendedLine.write(line(name, label), to: path)
        } catch {
            throw ReplayError(file: path, message: "cannot be written: \(String(cString: strerror(error.code)))")
        }
    }

    private static func path(in folder: String) -> String { folder + name }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (String(path[...slash]), String(path[path.index(after: slash)...]))
    }

    private static func label(_ line: [UInt8]) -> (String, Label)? {
        let bytes = line.span
        var reader = JSONReader()
        var words: [String: String] = [:]
        var began = 0
        reader.readObject(bytes) { key, reader in
            if bytes.equals(key, "began") {
                began = reader.readIntegerOrSkip(bytes) ?? -1
            } else {
                let name = JSONString.string(bytes, key)
                words[name] = reader.readStringOrSkip(bytes).map { JSONString.string(bytes, $0) }
            }
        }
        let channel = words["channel"].flatMap(Label.Channel.init)
        guard reader.atEnd(bytes), began >= 0, let file = words["file"],
            let kind = words["label"].flatMap(Label.Kind.init), (words["channel"] == nil) == (channel == nil)
        else { return nil }
        return (file, Label(kind, channel: channel, began: began, group: words["class"]))
    }

    private static func line(_ file: String, _ label: Label) -> String {
        func quoted(_ text: String) -> String {
            var bytes: [UInt8] = []
            JSONString.encode(text, into: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
        var line = "{\"file\":\(quoted(file)),\"label\":\"\(label.kind.rawValue)\""
        if let channel = label.channel { line += ",\"channel\":\"\(channel.rawValue)\"" }
        if label.kind == .loop { line += ",\"began\":\(label.began)" }
        if let group = label.group { line += ",\"class\":\(quoted(group))" }
        return line + "}"
    }
}

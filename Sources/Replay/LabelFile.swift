import Foundation
import JSONBytes

/// The labels of the recordings in one folder: `labels.jsonl`, one line for each.
///
/// ```json
/// {"file":"2026-03-01-17.sse","label":"loop","channel":"reasoning","began":812}
/// {"file":"2026-03-01-18.sse","label":"healthy"}
/// ```
///
/// The last line about a file counts. `class` may name a group for scores.
public struct LabelFile: Sendable, Equatable {
    /// The name of the file in its folder.
    public static let name = "labels.jsonl"
    /// The labels by the name of the recording in the folder.
    public private(set) var labels: [String: Label] = [:]

    /// Reads the labels of a folder; without the file there are none.
    public init(folder: String) throws(ReplayError) {
        let path = Self.path(in: folder)
        guard FileManager.default.fileExists(atPath: path) else { return }
        for (number, line) in try Recording.read(path).split(separator: UInt8(ascii: "\n")).enumerated() {
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

    /// Marks a recording and writes the file of its folder anew.
    public static func mark(_ recording: String, _ label: Label) throws(ReplayError) {
        guard try Recording.exists(recording) else {
            throw ReplayError(file: recording, message: "no such file or recorded run")
        }
        let (folder, name) = split(recording)
        var file = try LabelFile(folder: folder)
        file.labels[name] = label
        let text = file.labels.sorted { $0.key < $1.key }.map { line($0.key, $0.value) + "\n" }.joined()
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path(in: folder)), options: .atomic)
        } catch {
            throw ReplayError(file: path(in: folder), message: "cannot be written: \(error.localizedDescription)")
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

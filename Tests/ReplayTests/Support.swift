import Foundation
import Replay

let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

/// A folder that is removed after use.
func withFolder<Result>(_ files: [String: String], _ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("loopguard-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
    return try await body(folder.path)
}

/// The chunk of a chat response with some text in a field.
func chunk(_ text: String, field: String = "content") -> String {
    #"data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"\#(field)":"\#(text)"}}]}"# + "\n\n"
}

/// A line of a corpus.
func line(_ name: String, _ label: String, _ parts: String, _ more: String = "") -> String {
    #"{"name":"\#(name)","label":"\#(label)",\#(more)"parts":[\#(parts)]}"# + "\n"
}

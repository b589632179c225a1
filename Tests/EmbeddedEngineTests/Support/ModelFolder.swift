import Foundation

/// A model folder that a test may damage. It goes away with the value.
final class ModelFolder {
    let path: String

    init(copying golden: Golden) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "loopguard-\(UUID().uuidString)").path()
        try FileManager.default.copyItem(atPath: golden.folder, toPath: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    struct NotThere: Error { var text: String }

    func read(_ file: String) throws -> Data { try Data(contentsOf: URL(filePath: "\(path)/\(file)")) }

    func write(_ data: Data, to file: String) throws { try data.write(to: URL(filePath: "\(path)/\(file)")) }

    func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(file)") }

    /// Replaces a text that must be there.
    func replace(_ found: String, by put: String, in file: String) throws {
        let text = String(decoding: try read(file), as: UTF8.self)
        guard text.contains(found) else { throw NotThere(text: found) }
        try write(Data(text.replacingOccurrences(of: found, with: put).utf8), to: file)
    }

    /// Replaces a part of the header of a safetensors file; its length is set anew.
    func replaceInHeader(_ found: String, by put: String, in file: String = "model.safetensors") throws {
        let data = try read(file)
        let length = Int(data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        let header = String(decoding: data.dropFirst(8).prefix(length), as: UTF8.self)
        guard header.contains(found) else { throw NotThere(text: found) }
        let changed = Data(header.replacingOccurrences(of: found, with: put).utf8)
        var bytes = Data()
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: changed.count >> (8 * shift))) }
        try write(bytes + changed + data.dropFirst(8 + length), to: file)
    }
}

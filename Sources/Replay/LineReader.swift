import Foundation
import Glibc

/// Reads lines from a file or a pipe, one at a time: what is in memory is one line and one block.
final class LineReader {
    private let descriptor: Int32
    private let closes: Bool
    private var buffer: [UInt8] = []
    private var place = 0
    private var isOver = false
    /// How many lines were read.
    private(set) var number = 0
    /// Whether the line read last had no end.
    private(set) var isCut = false
    private static let block = 65_536

    /// Opens a file; `-` is standard input.
    init(_ path: String) throws(ReplayError) {
        closes = path != "-"
        descriptor = closes ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO
        guard descriptor >= 0 else {
            throw ReplayError(file: path, message: "cannot be read: \(String(cString: strerror(errno)))")
        }
    }

    deinit { if closes { close(descriptor) } }

    /// The next line without its end; `nil` after the last one.
    func next() -> [UInt8]? {
        while true {
            if let end = buffer[place...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { place = end + 1 }
                number += 1
                return Array(buffer[place..<end])
            }
            if isOver {
                defer { place = buffer.count }
                guard place < buffer.count else { return nil }
                number += 1
                isCut = true
                return Array(buffer[place...])
            }
            buffer.removeFirst(place)
            place = 0
            fill()
        }
    }

    private func fill() {
        let known = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: max(Self.block, known)))
        let room = buffer.count - known
        let count = buffer.withUnsafeMutableBytes { bytes in
            var count = 0
            repeat {
                count = Glibc.read(descriptor, bytes.baseAddress! + known, room)
            } while count < 0 && errno == EINTR
            return count
        }
        buffer.removeLast(room - max(0, count))
        isOver = count <= 0
    }
}

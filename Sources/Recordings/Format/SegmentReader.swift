import Foundation
import JSONBytes

/// Reads a segment: a file of records, one in a line, in frames of zstd (`.runs.jsonl.zst`) or plain (`.runs.jsonl`).
///
/// A segment that ends in the middle of a frame or of a line, because its writer did, is read up to there; a frame that
/// was damaged is left out. What was lost is in ``losses``.
public struct SegmentReader {
    /// The name ending of compressed segments, and of plain ones.
    public static let endings = [".runs.jsonl.zst", ".runs.jsonl"]

    /// Something that could not be read.
    public struct Loss: Sendable, Equatable {
        /// Where in the file.
        public var bytes: Range<Int>
        /// What is wrong there.
        public var message: String
    }

    /// Records that lie in the same frame.
    public struct Block: Sendable {
        /// Where in the file the frame stands.
        public var bytes: Range<Int>
        /// The records in their order.
        public var records: [RunRecord]
    }

    /// The path of the file.
    public let path: String
    /// What could not be read so far.
    public private(set) var losses: [Loss] = []
    private var position: Int
    private let data: Data
    private let end: Int
    private let isCompressed: Bool
    /// The id that a line must hold to be read; `nil` for every line.
    private let wanted: [UInt8]?
    private let decompressor = FrameDecompressor()

    /// The most of a plain file that makes a block.
    private static let plainBlock = 1 << 20

    /// Opens a segment, or the part of it in the given range, which must begin where a block does.
    /// - Parameter run: The run whose records are wanted; others are passed over. All when nothing is said.
    public init(path: String, in range: Range<Int>? = nil, run: String? = nil) throws {
        // An id that JSON may write in several ways cannot be looked for without reading JSON.
        let isPlain = run?.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C && $0 != 0x2F }
        wanted = isPlain == true && run != "" ? run.map { Array($0.utf8) } : nil
        self.path = path
        data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        position = min(range?.lowerBound ?? 0, data.count)
        end = min(range?.upperBound ?? data.count, data.count)
        isCompressed = path.hasSuffix(".zst")
    }

    /// The next block; `nil` at the end.
    public mutating func next() -> Block? {
        while position < end {
            let start = position
            guard let content = isCompressed ? frame() : lines() else { continue }
            return Block(bytes: start..<position, records: records(in: content, from: start))
        }
        return nil
    }

    /// The content of the frame at the position, which moves behind it.
    private mutating func frame() -> [UInt8]? {
        let start = position
        let found = data.withUnsafeBytes { decompressor.frame(in: UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
        switch found {
        case .whole(let length, let content):
            position += length
            return content
        case .torn:
            return lose(start..<nextFrame(after: start), "the file ends in the middle of a frame")
        case .damaged(let message):
            return lose(start..<nextFrame(after: start), message)
        }
    }

    private mutating func lose(_ range: Range<Int>, _ message: String) -> [UInt8]? {
        losses.append(Loss(bytes: range, message: message))
        position = range.upperBound
        return nil
    }

    private func nextFrame(after start: Int) -> Int {
        data[data.startIndex..<data.startIndex + end].range(of: Data(FrameDecompressor.magic), in: start + 1..<end)?
            .lowerBound ?? end
    }

    /// Whole lines of a plain file, or what is left of it.
    private mutating func lines() -> [UInt8]? {
        let newline = UInt8(ascii: "\n")
        let limit = min(position + Self.plainBlock, end)
        let last = limit == end ? nil : data[position..<limit].lastIndex(of: newline)
        let stop = last ?? data[limit..<end].firstIndex(of: newline) ?? end - 1
        defer { position = stop + 1 }
        return Array(data[position...stop])
    }

    private static func lineEnd(in content: [UInt8], from start: Int) -> Int {
        content.withUnsafeBytes { content in
            guard let found = memchr(content.baseAddress! + start, 0x0A, content.count - start) else {
                return content.count
            }
            return UnsafeRawPointer(found) - content.baseAddress!
        }
    }

    /// How the lines of a gateway begin, but for a run's first.
    private static let beginning = Array("{\"run\":\"".utf8)

    /// Whether a line may be one of the wanted run's.
    private static func holds(_ wanted: [UInt8], _ content: [UInt8], _ line: Range<Int>) -> Bool {
        content.withUnsafeBytes { content in
            let line = UnsafeRawBufferPointer(rebasing: content[line])
            if line.starts(with: beginning) { return line.dropFirst(beginning.count).starts(with: wanted) }
            var index = 0
            while let found = memchr(line.baseAddress! + index, Int32(wanted[0]), line.count - index) {
                index = UnsafeRawPointer(found) - line.baseAddress!
                guard index + wanted.count <= line.count else { return false }
                if memcmp(found, wanted, wanted.count) == 0 { return true }
                index += 1
            }
            return false
        }
    }

    private mutating func records(in content: [UInt8], from start: Int) -> [RunRecord] {
        var records: [RunRecord] = []
        var index = 0
        while index < content.count {
            let end = Self.lineEnd(in: content, from: index)
            defer { index = end + 1 }
            if let wanted, !Self.holds(wanted, content, index..<end) { continue }
            let line = content.span.extracting(index..<end)
            if line.trimmed(0..<line.count).isEmpty { continue }
            do throws(RunRecord.Unreadable) {
                records.append(try RunRecord(line: line))
            } catch {
                let place = isCompressed ? start..<start + 1 : start + index..<start + end
                losses.append(Loss(bytes: place, message: error.description))
            }
        }
        return records
    }
}

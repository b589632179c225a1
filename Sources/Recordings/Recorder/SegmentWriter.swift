import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Writes one segment: records are gathered into a batch, and each batch becomes a frame.
final class SegmentWriter {
    /// The path while it is open.
    let path: String
    private let sealedPath: String
    private let file: FileHandle
    private let compressor: FrameCompressor
    private var batch: [UInt8] = []
    /// Bytes in the file.
    private(set) var length = 0
    /// The moment of the first record that is not in the file yet.
    private(set) var waitingSince: ContinuousClock.Instant?
    let opened = ContinuousClock.now
    /// Runs that have begun here and not ended. All records of a run are in one segment.
    var liveRuns = 0

    /// The bytes of records that make a frame. Larger frames compress better, and a crash loses more.
    static let batchSize = 1 << 20

    /// Creates the file. Its name begins with the time, so that names sort by age.
    init(in directory: String, compressor: FrameCompressor, now: Date = Date()) throws {
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        let name = "\(Self.stamp(now))-" + String(repeating: "0", count: 8 - digits.count) + digits
        sealedPath = "\(directory)/\(name)\(SegmentReader.endings[0])"
        path = "\(directory)/\(name)\(RecordingDirectory.openMark)\(SegmentReader.endings[0])"
        let descriptor = Self.create(path)
        guard descriptor >= 0 else { throw RecordingError(file: path, message: String(cString: strerror(errno))) }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        self.compressor = compressor
    }

    /// Adds a record; it reaches the file with the batch.
    func append(_ line: [UInt8]) throws {
        if waitingSince == nil { waitingSince = .now }
        batch += line
        if batch.count >= Self.batchSize { try flush() }
    }

    /// Writes the batch.
    func flush() throws {
        waitingSince = nil
        guard !batch.isEmpty else { return }
        let frame = compressor.frame(batch)
        batch.removeAll(keepingCapacity: true)
        try file.write(contentsOf: frame)
        length += frame.count
    }

    /// Writes what is left, makes it durable, and gives the file its final name. An empty one is removed.
    func seal() throws {
        try flush()
        try file.synchronize()
        try file.close()
        if length == 0 { return try FileManager.default.removeItem(atPath: path) }
        guard rename(path, sealedPath) == 0 else {
            throw RecordingError(file: path, message: "cannot be renamed: " + String(cString: strerror(errno)))
        }
    }

    /// Creates a file that only its owner may read: prompts are nobody else's business.
    private static func create(_ path: String) -> Int32 { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }

    /// The time of day in UTC, as it stands in names: `20261121T064012.345Z`.
    private static func stamp(_ now: Date) -> String {
        let time = now.timeIntervalSince1970
        var seconds = time_t(time)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let millis = Int((time - time.rounded(.down)) * 1_000)
        let fraction = String(repeating: "0", count: 3 - "\(millis)".count) + "\(millis)"
        return "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))T\(two(parts.tm_hour))"
            + "\(two(parts.tm_min))\(two(parts.tm_sec)).\(fraction)Z"
    }
}

/// What kept something from being recorded or read.
public struct RecordingError: Error, Equatable, CustomStringConvertible {
    /// The file it is about.
    public var file: String
    /// What is wrong, and what can be done.
    public var message: String

    /// Creates an error.
    public init(file: String, message: String) {
        self.file = file
        self.message = message
    }

    /// `FILE: MESSAGE`
    public var description: String { "\(file): \(message)" }
}

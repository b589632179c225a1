import Foundation

/// A folder of segments.
public struct RecordingDirectory: Sendable {
    /// The folder's path.
    public let path: String

    /// Names a folder; it need not be there.
    public init(_ path: String) { self.path = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path }

    /// The mark in the name of a segment that is being written, or was when its gateway died.
    static let openMark = ".open"

    /// A segment of the folder.
    public struct Segment: Sendable, Equatable {
        /// The file's path.
        public var path: String
        /// The file's length in bytes.
        public var length: Int
        /// When it was last written to, in seconds since 1970.
        public var modified: Double

        /// Whether the file may still grow, as far as its name tells.
        public var isOpen: Bool {
            SegmentReader.endings.contains { path.hasSuffix(RecordingDirectory.openMark + $0) }
        }
    }

    /// Whether a name is one of a segment.
    public static func isSegment(_ name: String) -> Bool { SegmentReader.endings.contains { name.hasSuffix($0) } }

    /// The segments, oldest first.
    public func segments() throws -> [Segment] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter(Self.isSegment).sorted().compactMap { name in
            let file = "\(path)/\(name)"
            // A segment that is sealed or pruned at this moment has another name by now, or none.
            guard let facts = try? FileManager.default.attributesOfItem(atPath: file) else { return nil }
            return Segment(
                path: file,
                length: (facts[.size] as? NSNumber)?.intValue ?? 0,
                modified: (facts[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            )
        }
    }

    /// The run with that id.
    public func run(_ id: String) throws -> RunSummary? {
        for segment in try segments().reversed() {
            if let run = try RunSummary.runs(inSegment: segment.path).runs.first(where: { $0.id == id }) { return run }
        }
        return nil
    }

    /// What may be kept.
    public struct Limits: Sendable, Equatable {
        /// The most bytes that all segments may take.
        public var bytes: Int?
        /// The most seconds since a segment was last written to.
        public var age: Double?

        /// Creates limits; `nil` is without limit.
        public init(bytes: Int? = nil, age: Double? = nil) {
            self.bytes = bytes
            self.age = age
        }
    }

    /// What is to be removed, so that the limits are kept: whole segments, oldest first, and none that is being written.
    /// - Parameter now: The time in seconds since 1970; the clock's when nothing is said.
    public func excess(over limits: Limits, now: Double? = nil) throws -> [Segment] {
        let now = now ?? Date().timeIntervalSince1970
        let segments = try segments()
        var total = segments.reduce(0) { $0 + $1.length }
        var excess: [Segment] = []
        for segment in segments where !segment.isOpen {
            let isOld = limits.age.map { now - segment.modified > $0 } ?? false
            let isMuch = limits.bytes.map { total > $0 } ?? false
            guard isOld || isMuch else { continue }
            excess.append(segment)
            total -= segment.length
        }
        return excess
    }

    /// Removes what is beyond the limits.
    /// - Returns: What was removed.
    @discardableResult
    public func prune(_ limits: Limits, now: Double? = nil) throws -> [Segment] {
        let excess = try excess(over: limits, now: now)
        for segment in excess { try FileManager.default.removeItem(atPath: segment.path) }
        return excess
    }
}

/// When the bytes of a recording came in: the reads in which they did.
public struct RecordedTimes: Sendable, Equatable {
    /// One read.
    public struct Read: Sendable, Equatable {
        /// The offset in the body behind its last byte.
        public var end: Int
        /// When it came, in seconds since the request was sent.
        public var seconds: Double

        /// Notes a read.
        public init(end: Int, seconds: Double) {
            self.end = end
            self.seconds = seconds
        }
    }

    /// The reads in their order; neither offsets nor times fall.
    public private(set) var reads: [Read] = []

    /// Takes reads that rise; `nil` for none, and when they do not rise.
    public init?(_ reads: [Read]) {
        let rises = zip(reads, reads.dropFirst()).allSatisfy { $0.end <= $1.end && $0.seconds <= $1.seconds }
        guard let first = reads.first, first.end >= 0, first.seconds >= 0, rises else { return nil }
        self.reads = reads
    }

    /// How long the response took.
    public var duration: Double { reads[reads.count - 1].seconds }
}

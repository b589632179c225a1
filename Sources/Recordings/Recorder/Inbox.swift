import Synchronization

/// What event loops hand over to the recorder's thread: bounded, and never waited for.
///
/// The bytes of a stream are copied behind each other into one buffer, which the thread swaps for an empty one. So handing
/// a read over costs a lock that is nearly always free and a copy, and no allocation.
struct Inbox: Sendable {
    /// What is no piece of a stream.
    enum Note: Sendable {
        /// A run begins. Its body is fetched on the recorder's thread.
        case begin(
            id: String,
            RecordingPolicy.Choice,
            RecordedRequest,
            body: @Sendable () -> [UInt8],
            fate: @Sendable (RecordingFate) -> Void = { _ in }
        )
        case sent(body: (@Sendable () -> [UInt8])?)
        case event(RunRecord.Event)
    }

    /// Why a run is not recorded.
    enum DropReason: String, CaseIterable, Sendable {
        /// More came than could be written.
        case queueFull = "queue_full"
        /// It was undecided for longer than there is memory for.
        case tooLong = "too_long"
        /// The file could not be written.
        case writeFailed = "write_failed"
        /// Nobody told its end.
        case abandoned
    }

    private(set) var stream: [UInt8] = []
    private(set) var notes: [Note] = []
    private var noteBytes = 0
    /// Runs of which something did not find room. There are never more than live runs.
    private(set) var dropped: [(run: UInt64, reason: DropReason)] = []
    var isClosed = false

    var isEmpty: Bool { stream.isEmpty && dropped.isEmpty && !isClosed }
    var size: Int { stream.count + noteBytes }

    private static let header = 1 + 8 + 8 + 4
    private static let noteKind: UInt8 = 0
    private static let flows: [RunRecord.Flow] = [.came, .went, .passed]

    /// Adds bytes of a stream.
    /// - Returns: Whether there was room.
    mutating func add(_ flow: RunRecord.Flow, _ bytes: Span<UInt8>, run: UInt64, time: Int64, limit: Int) -> Bool {
        guard size + Self.header + bytes.count <= limit else { return false }
        let kind: UInt8 = flow == .came ? 1 : flow == .went ? 2 : 3
        addHeader(kind, run, time, bytes.count)
        bytes.withUnsafeBufferPointer { stream.append(contentsOf: $0) }
        return true
    }

    /// Adds a note of about the given size.
    mutating func add(_ note: Note, size: Int, run: UInt64, time: Int64, limit: Int) -> Bool {
        guard self.size + Self.header + size <= limit else { return false }
        addHeader(Self.noteKind, run, time, 0)
        notes.append(note)
        noteBytes += size
        return true
    }

    mutating func drop(_ run: UInt64, _ reason: DropReason) { dropped.append((run, reason)) }

    private mutating func addHeader(_ kind: UInt8, _ run: UInt64, _ time: Int64, _ count: Int) {
        stream.append(kind)
        withUnsafeBytes(of: run) { stream.append(contentsOf: $0) }
        withUnsafeBytes(of: time) { stream.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt32(count)) { stream.append(contentsOf: $0) }
    }

    /// What a thread took out of the inbox.
    enum Item {
        case note(Note)
        case bytes(RunRecord.Flow, [UInt8])
    }

    /// Goes through everything in the order in which it came.
    func visit(_ body: (_ run: UInt64, _ time: Int64, Item) -> Void) {
        var notes = notes[...]
        stream.withUnsafeBytes { stream in
            var index = 0
            while index < stream.count {
                // Written by addHeader, so every header and what it announces is there.
                let kind = stream[index]
                let run = stream.loadUnaligned(fromByteOffset: index + 1, as: UInt64.self)
                let time = stream.loadUnaligned(fromByteOffset: index + 9, as: Int64.self)
                let count = Int(stream.loadUnaligned(fromByteOffset: index + 17, as: UInt32.self))
                index += Self.header
                if kind == Self.noteKind {
                    body(run, time, .note(notes.removeFirst()))
                } else {
                    body(run, time, .bytes(Self.flows[Int(kind) - 1], Array(stream[index..<index + count])))
                    index += count
                }
            }
        }
    }

    /// Empties it and keeps the buffer, unless a burst has made it large.
    mutating func clear() {
        stream.removeAll(keepingCapacity: stream.capacity <= 4 << 20)
        notes.removeAll(keepingCapacity: true)
        noteBytes = 0
        dropped = []
    }
}

import JSONBytes
import Synchronization

/// What the fake upstream has done so far, as it tells it at `/stats`.
struct UpstreamCounts: Sendable {
    var started = 0
    var completed = 0
    /// Responses whose connection ended before they did.
    var aborted = 0
    /// When the last of them ended, `CLOCK_MONOTONIC` in nanoseconds.
    var lastAbort = 0
    var events = 0
    var bytes = 0

    /// Responses under way.
    var active: Int { started - completed - aborted }

    init() {}

    var json: String {
        #"{"started":\#(started),"completed":\#(completed),"aborted":\#(aborted),"active":\#(active),"#
            + #""last_abort_ns":\#(lastAbort),"events":\#(events),"bytes":\#(bytes)}"#
    }

    /// Reads what ``json`` wrote.
    init?(json: borrowing Span<UInt8>) {
        var counts = UpstreamCounts()
        var reader = JSONReader()
        reader.readObject(json) { key, reader in
            let value = reader.readIntegerOrSkip(json) ?? 0
            if json.equals(key, "started") {
                counts.started = value
            } else if json.equals(key, "completed") {
                counts.completed = value
            } else if json.equals(key, "aborted") {
                counts.aborted = value
            } else if json.equals(key, "last_abort_ns") {
                counts.lastAbort = value
            } else if json.equals(key, "events") {
                counts.events = value
            } else if json.equals(key, "bytes") {
                counts.bytes = value
            }
        }
        if reader.failed { return nil }
        self = counts
    }
}

/// The counts, shared by all connections.
final class UpstreamStatistics: Sendable {
    private let counts = Mutex(UpstreamCounts())

    var current: UpstreamCounts { counts.withLock { $0 } }

    func note(_ change: (inout UpstreamCounts) -> Void) { counts.withLock { change(&$0) } }
}

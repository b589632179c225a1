import Dispatch
import Logging
import Synchronization

/// Writes the log on a thread of its own, so that no stream waits for a terminal or a full pipe.
///
/// At most ``capacity`` events wait; what comes beyond that is dropped, and the next event that finds room says how many
/// were.
final class BackgroundLog: Sendable {
    static let capacity = 4_096

    private let queue = DispatchQueue(label: "loopguard.log")
    private let waiting = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)

    /// A handler that passes events on to `target` in the background.
    func handler(_ target: any LogHandler) -> Handler { Handler(target: target, log: self) }

    /// Waits until all that was logged is written, but no longer than a second: nobody may be reading.
    func drain() {
        let written = DispatchSemaphore(value: 0)
        queue.async { written.signal() }
        _ = written.wait(timeout: .now() + 1)
    }

    fileprivate func write(_ event: LogEvent, to target: any LogHandler) {
        guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= Self.capacity else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            dropped.wrappingAdd(1, ordering: .relaxed)
            return
        }
        queue.async { [self] in
            let lost = dropped.exchange(0, ordering: .relaxed)
            if lost > 0 {
                var notice = event
                notice.level = .warning
                notice.message = "\(lost) log events were dropped"
                notice.metadata = nil
                target.log(event: notice)
            }
            target.log(event: event)
            waiting.wrappingSubtract(1, ordering: .relaxed)
        }
    }

    /// The handler that loggers hold.
    struct Handler: LogHandler {
        fileprivate var target: any LogHandler
        fileprivate let log: BackgroundLog

        var metadata: Logger.Metadata {
            get { target.metadata }
            set { target.metadata = newValue }
        }

        var metadataProvider: Logger.MetadataProvider? {
            get { target.metadataProvider }
            set { target.metadataProvider = newValue }
        }

        var logLevel: Logger.Level {
            get { target.logLevel }
            set { target.logLevel = newValue }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { target[metadataKey: key] }
            set { target[metadataKey: key] = newValue }
        }

        func log(event: LogEvent) { log.write(event, to: target) }
    }
}

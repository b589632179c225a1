internal import CCurl
internal import Synchronization

/// Ends a transfer from another thread.
final class StopSignal: Sendable {
    private struct State {
        var isSet = false
        /// The address of the handle that waits; a number, since a pointer may not cross threads by itself.
        var multi: UInt?
    }

    private let state = Mutex(State())

    var isSet: Bool { state.withLock(\.isSet) }

    func set() {
        state.withLock { state in
            state.isSet = true
            // The handle lives: it is taken out of here, under this lock, before it is freed. curl_multi_wakeup is the
            // one function of libcurl that may be called from any thread.
            if let multi = state.multi.flatMap(UnsafeMutableRawPointer.init(bitPattern:)) { curl_multi_wakeup(multi) }
        }
    }

    /// Says which handle is to be woken; `nil` when it is about to go.
    func wakes(_ multi: UnsafeMutableRawPointer?) {
        state.withLock { $0.multi = multi.map { UInt(bitPattern: $0) } }
    }
}

#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// Runs `body` on a thread of its own, so that long computations never occupy the cooperative pool.
func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    // The thread takes the reference over.
    let work = Unmanaged.passRetained(Work(body)).toOpaque()
    #if canImport(Darwin)
    var thread: pthread_t?
    let status = pthread_create(
        &thread,
        nil,
        { work in
            Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
            return nil
        },
        work
    )
    if let thread { pthread_detach(thread) }
    #else
    var thread = pthread_t()
    let status = pthread_create(
        &thread,
        nil,
        { work in
            Unmanaged<Work>.fromOpaque(work!).takeRetainedValue().body()
            return nil
        },
        work
    )
    if status == 0 { pthread_detach(thread) }
    #endif
    precondition(status == 0, "the system refused to start a thread: error \(status)")
}

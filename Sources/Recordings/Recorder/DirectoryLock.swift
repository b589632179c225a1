#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Keeps two processes from recording in one folder. The system lets go of it when the process ends, however it ends.
struct DirectoryLock: Sendable {
    private let descriptor: Int32

    init(_ directory: String) throws(RecordingError) {
        let path = "\(directory)/.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw RecordingError(file: path, message: String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw RecordingError(file: directory, message: "another process records there; choose another folder")
        }
    }

    func release() { close(descriptor) }
}

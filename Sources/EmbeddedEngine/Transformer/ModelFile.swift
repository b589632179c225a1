#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// An open file of a model folder. What it reads it has checked to be there.
final class ModelFile {
    let path: String
    /// The bytes in the file when it was opened.
    let count: Int
    private let descriptor: Int32

    init(_ path: String) throws(ModelError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ModelError(path, "cannot be opened: \(String(cString: strerror(errno)))") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ModelError(path, "is not a file")
        }
        count = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Whether a file of this name is there.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether a folder of this name is there.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The bytes in a range, which must lie inside the file.
    func read(_ range: Range<Int>) throws(ModelError) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "outside of the file")
        var failure: String?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            while filled < range.count {
                let result = pread(
                    descriptor,
                    buffer.baseAddress! + filled,
                    range.count - filled,
                    off_t(range.lowerBound + filled)
                )
                if result > 0 {
                    filled += result
                } else if result == 0 {
                    failure = "ended at byte \(range.lowerBound + filled), although it had \(count) bytes at first"
                    return
                } else if errno != EINTR {
                    failure = "cannot be read: \(String(cString: strerror(errno)))"
                    return
                }
            }
        }
        if let failure { throw ModelError(path, failure) }
        return bytes
    }

    /// All bytes of a file.
    static func contents(_ path: String) throws(ModelError) -> [UInt8] {
        let file = try ModelFile(path)
        return try file.read(0..<file.count)
    }
}

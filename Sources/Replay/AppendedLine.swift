import Glibc

/// Adds lines to a file that other processes may add lines to at the same time.
enum AppendedLine {
    /// What a call of the system said.
    struct SystemError: Error { var code: Int32 }

    /// Adds one line, behind a newline of its own where the last line has none. The file is made when there is none.
    static func write(_ line: String, to path: String) throws(SystemError) {
        let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError(code: errno) }
        defer { close(descriptor) }
        // Where the file system has no locks, appending in one piece is still enough to lose no line.
        _ = flock(descriptor, LOCK_EX)
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw SystemError(code: errno) }
        var last = UInt8(ascii: "\n")
        if facts.st_size > 0, pread(descriptor, &last, 1, facts.st_size - 1) < 0 { throw SystemError(code: errno) }
        let bytes = Array(((last == UInt8(ascii: "\n") ? "" : "\n") + line + "\n").utf8)
        var written = Glibc.write(descriptor, bytes, bytes.count)
        while written < 0, errno == EINTR { written = Glibc.write(descriptor, bytes, bytes.count) }
        guard written == bytes.count else {
            let code = written < 0 ? errno : ENOSPC
            // Half a line would keep all the others from being read.
            if written > 0 { _ = ftruncate(descriptor, facts.st_size) }
            throw SystemError(code: code)
        }
    }
}

import Glibc

/// A process that is talked to over pipes and killed with whoever started it.
final class PipedProcess {
    let pid: pid_t
    private var input: Int32
    private let output: Int32
    private var hasExited = false
    private var unread: [UInt8] = []

    /// - Parameters:
    ///   - program: Its path; this very program unless one is named.
    ///   - arguments: Without the program's name.
    init(program: String = "/proc/\(getpid())/exe", _ arguments: [String]) throws {
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else {
            throw BenchmarkError("cannot make pipes: \(String(cString: strerror(errno)))")
        }
        for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        let command = ["setpriv", "--pdeathsig", "KILL", program] + arguments
        var pointers = command.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, command[0], &actions, nil, &pointers, environ)
        close(toChild[0])
        close(fromChild[1])
        guard result == 0 else {
            throw BenchmarkError("cannot start 'setpriv' of util-linux: \(String(cString: strerror(result)))")
        }
        self.pid = pid
        input = toChild[1]
        output = fromChild[0]
    }

    deinit {
        if input >= 0 { close(input) }
        close(output)
        guard !hasExited else { return }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else {
                throw BenchmarkError("process \(pid) does not listen: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    /// The next line it prints, waited for; `nil` at the end of its output.
    func readLine() -> String? {
        while true {
            if let end = unread.firstIndex(of: 10) {
                defer { unread.removeFirst(end + 1) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(output, &bytes, bytes.count)
            guard count > 0 else { return nil }
            unread += bytes[..<count]
        }
    }

    /// Sends a line and waits for the answer.
    func ask(_ line: String) throws -> String {
        try send(line + "\n")
        guard let answer = readLine() else { throw BenchmarkError("process \(pid) ended at '\(line)'") }
        return answer
    }

    /// Ends it without giving it a chance to clean up.
    func killAtOnce() {
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        hasExited = true
    }

    /// Closes its input and waits for its end.
    /// - Returns: Its exit status.
    func finish() -> Int32 {
        close(input)
        input = -1
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        hasExited = true
        return status
    }
}

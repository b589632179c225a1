import Glibc

/// A process that is ended with the benchmark, whatever happens to the benchmark.
final class ChildProcess {
    let name: String
    let pid: pid_t
    private let log: String
    private var hasExited = false

    /// Starts a program with `setpriv`, which has the kernel end it when this process ends, and `taskset`, which keeps it
    /// on one CPU; both are part of util-linux.
    /// - Parameters:
    ///   - name: What it is called in messages.
    ///   - arguments: The program and its arguments.
    ///   - cpu: The CPU to keep it on; `nil` for any.
    ///   - log: The file that takes its output.
    init(_ name: String, _ arguments: [String], cpu: Int?, log: String) throws {
        self.name = name
        self.log = log
        let pinning = cpu.map { ["taskset", "--cpu-list", String($0)] } ?? []
        let command = ["setpriv", "--pdeathsig", "TERM"] + pinning + arguments
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var pointers = command.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, command[0], &actions, nil, &pointers, environ)
        guard result == 0 else {
            throw BenchmarkError("cannot start '\(command[0])' for \(name): \(String(cString: strerror(result)))")
        }
        self.pid = pid
    }

    deinit { end() }

    /// Whether it still runs.
    var isRunning: Bool {
        if !hasExited { hasExited = waitpid(pid, nil, WNOHANG) != 0 }
        return !hasExited
    }

    /// The end of what it printed.
    var output: String { String(readText(log).suffix(800)) }

    /// Asks it to end, and makes it end after five seconds.
    func end() {
        guard isRunning else { return }
        kill(pid, SIGTERM)
        let deadline = monotonicNanoseconds() + 5_000_000_000
        while isRunning {
            if monotonicNanoseconds() > deadline {
                kill(pid, SIGKILL)
                waitpid(pid, nil, 0)
                hasExited = true
            }
            usleep(5_000)
        }
    }
}

/// Runs a program to its end and says whether it went well.
func runToEnd(_ arguments: [String], log: String) throws -> Bool {
    var pointers = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var pid: pid_t = 0
    guard posix_spawnp(&pid, arguments[0], &actions, nil, &pointers, environ) == 0 else { return false }
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    return status == 0
}

import Glibc
import NIOCore
import NIOPosix

/// The fake upstream and the proxies before it, all on the loopback interface: the proxies on the last CPU, the upstream
/// and the load, which is this process, on the first.
final class Testbed {
    /// Something that streams go through, or the upstream itself.
    struct Subject {
        let name: String
        let port: Int
        /// The proxy's process; `nil` for the upstream itself, which is the measure of the others.
        let meter: ProcessMeter?
    }

    private(set) var subjects: [Subject] = []
    private let upstreamPort: Int
    private let folder: String
    private var processes: [ChildProcess] = []
    private let loadCPU: Int?
    private let proxyCPU: Int?

    /// Starts the upstream.
    /// - Parameter seconds: The time after which it ends by itself.
    init(seconds: Int) throws {
        var template = Array("/tmp/loopguard-bench.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchmarkError("cannot make a folder in /tmp for logs") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let isPinned = Machine.cpuCount > 1
        loadCPU = isPinned ? 0 : nil
        proxyCPU = isPinned ? Machine.cpuCount - 1 : nil
        upstreamPort = try Self.freePort()

        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)

        if let loadCPU {
            let pin = ["taskset", "--cpu-list", "--pid", String(loadCPU), String(getpid())]
            guard try runToEnd(pin, log: "\(folder)/taskset.log") else {
                throw BenchmarkError("cannot pin the load to CPU \(loadCPU): taskset of util-linux is needed")
            }
        } else {
            note("warning: one CPU only, so the proxies share it with upstream and load")
        }
        let own = try Self.ownPath()
        let arguments = [own, "upstream", "--port", String(upstreamPort), "--seconds", String(seconds)]
        try start("direct", arguments, port: upstreamPort, cpu: loadCPU)
    }

    deinit {
        for process in processes.reversed() { process.end() }
        _ = try? runToEnd(["rm", "-r", folder], log: "/dev/null")
    }

    /// Adds nginx without buffering, as the measure of what a proxy costs.
    func addNginx() throws {
        guard let path = NginxConfiguration.findProgram() else {
            throw BenchmarkError("nginx is not installed: install it, or leave --nginx out")
        }
        let port = try Self.freePort()
        let configuration = NginxConfiguration(folder: folder, port: port, upstreamPort: upstreamPort)
        let file = "\(folder)/nginx.conf"
        guard let handle = fopen(file, "w") else { throw BenchmarkError("cannot write \(file)") }
        fputs(configuration.text, handle)
        fclose(handle)
        try start("nginx", [path, "-p", folder, "-c", file], port: port, cpu: proxyCPU)
    }

    /// Adds the gateway with its shipped rules.
    func addLoopguard(_ path: String, further arguments: [String]) throws {
        guard access(path, X_OK) == 0 else {
            throw BenchmarkError("\(path) is no program: build it with 'swift build -c release --product loopguard'")
        }
        let port = try Self.freePort()
        let upstream = "http://127.0.0.1:\(upstreamPort)"
        let command = [path, "serve", "--upstream", upstream, "--port", String(port)] + arguments
        try start("loopguard", command, port: port, cpu: proxyCPU)
    }

    /// What the upstream has done so far.
    func counts() throws -> UpstreamCounts {
        let json = try fetch("http://127.0.0.1:\(upstreamPort)/stats")
        guard let counts = UpstreamCounts(json: json.span) else {
            throw BenchmarkError("the fake upstream's /stats made no sense: \(String(decoding: json, as: UTF8.self))")
        }
        return counts
    }

    /// Waits until the upstream has nothing to do, or ten seconds.
    func settle() throws {
        let deadline = monotonicNanoseconds() + 10_000_000_000
        while try counts().active > 0, monotonicNanoseconds() < deadline { usleep(10_000) }
    }

    /// Starts a process and waits until a stream gets through it.
    private func start(_ name: String, _ arguments: [String], port: Int, cpu: Int?) throws {
        let process = try ChildProcess(name, arguments, cpu: cpu, log: "\(folder)/\(name).log")
        processes.append(process)
        let order = LoadOrder(plan: StreamPlan(events: 2, padding: 8), limitSeconds: 2)
        let deadline = monotonicNanoseconds() + 20_000_000_000
        while true {
            let record = try CurlLoad(port: port).run(order)
            if record.completed == 1 { break }
            guard process.isRunning, monotonicNanoseconds() < deadline else {
                let reason = record.failure ?? "no answer"
                throw BenchmarkError("\(name) does not pass streams (\(reason)); it said:\n\(process.output)")
            }
            usleep(50_000)
        }
        let isUpstream = port == upstreamPort
        let meter = isUpstream ? nil : ProcessMeter(pid: process.pid)
        subjects.append(Subject(name: name, port: port, meter: meter))
    }

    /// A port that nobody listens on.
    private static func freePort() throws -> Int {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        let channel = try ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).wait()
        defer { try? channel.close().wait() }
        guard let port = channel.localAddress?.port else {
            throw BenchmarkError("no free port on the loopback interface")
        }
        return port
    }

    private static func ownPath() throws -> String {
        var path = [UInt8](repeating: 0, count: 4_096)
        let count = path.withUnsafeMutableBytes { bytes in
            readlink("/proc/self/exe", bytes.assumingMemoryBound(to: CChar.self).baseAddress!, bytes.count)
        }
        guard count > 0 else { throw BenchmarkError("cannot read /proc/self/exe") }
        return String(decoding: path[..<count], as: UTF8.self)
    }
}

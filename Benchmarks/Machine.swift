import Glibc

/// The machine and the build that figures belong to.
enum Machine {
    /// Such as `2 × AMD EPYC, Linux 6.1.0`.
    static var description: String {
        "\(cpuCount) × \(cpuModel), \(kernel)"
    }

    /// CPUs that this process may run on at the start.
    static var cpuCount: Int { Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Whether assertions are compiled in, which only a debug build does.
    static var isDebugBuild: Bool {
        var isDebug = false
        func noteDebug() -> Bool {
            isDebug = true
            return true
        }
        assert(noteDebug())
        return isDebug
    }

    /// What is printed above every table.
    static func heading(_ what: String) -> String {
        let build = isDebugBuild ? "DEBUG BUILD, figures mean nothing" : "release build"
        return "\(what), \(description), \(build)"
    }

    /// Refuses a debug build unless it was asked for.
    static func requireRelease(orAllow allowsDebug: Bool) throws {
        guard isDebugBuild else { return }
        guard allowsDebug else {
            throw BenchmarkError(
                "this is a debug build, its figures would mean nothing: build with 'swift build -c release', "
                    + "or say --allow-debug to try the benchmarks out"
            )
        }
        note("warning: debug build, the figures mean nothing")
    }

    private static var cpuModel: String {
        for line in readText("/proc/cpuinfo").split(separator: "\n") where line.hasPrefix("model name") {
            if let colon = line.firstIndex(of: ":") { return String(line[line.index(colon, offsetBy: 2)...]) }
        }
        return "unknown CPU"
    }

    private static var kernel: String {
        let release = readText("/proc/sys/kernel/osrelease").prefix { $0 != "\n" && $0 != "-" }
        return release.isEmpty ? "unknown kernel" : "Linux \(release)"
    }
}

/// The text of a small file such as those in `/proc`; empty when it cannot be read.
func readText(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
}

/// Says something on standard error, beside the figures.
func note(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = write(2, line, line.count)
}

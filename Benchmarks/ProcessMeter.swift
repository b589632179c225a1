import Glibc

/// What a process and its children have used, from `/proc`.
struct ProcessMeter {
    let pid: pid_t

    private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

    /// CPU time, user and system together, in seconds; to a hundredth.
    var cpuSeconds: Double {
        family.reduce(0) { sum, pid in
            // The name in parentheses may contain anything, so count the fields behind it: utime is the 12th, stime the
            // 13th (proc(5), fields 14 and 15).
            let text = readText("/proc/\(pid)/stat")
            guard let end = text.lastIndex(of: ")") else { return sum }
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return sum }
            return sum + (user + system) / Self.ticksPerSecond
        }
    }

    /// Resident memory in bytes.
    var residentBytes: Double {
        family.reduce(0) { sum, pid in
            for line in readText("/proc/\(pid)/smaps_rollup").split(separator: "\n") where line.hasPrefix("Rss:") {
                let kibibytes = line.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
                return sum + kibibytes * 1_024
            }
            return sum
        }
    }

    /// The process and whatever its main thread started, such as the workers of nginx.
    private var family: [pid_t] {
        var family = [pid]
        var index = 0
        while index < family.count, family.count < 256 {
            let pid = family[index]
            family += readText("/proc/\(pid)/task/\(pid)/children").split(separator: " ").compactMap { pid_t($0) }
            index += 1
        }
        return family
    }
}

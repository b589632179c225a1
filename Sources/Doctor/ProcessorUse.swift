internal import Foundation

/// The processor time of an engine on this machine: of the process that listens at its port, and of all below it.
///
/// An engine that generates uses a processor, also where a graphics card does most of the work. It is read from Linux'
/// `/proc`; elsewhere, and where the process belongs to somebody else, there is none.
struct ProcessorUse: Sendable {
    let pid: Int
    let name: String

    /// Finds the process that listens at a port of this machine.
    /// - Parameter url: The engine's URL.
    init?(url: String) {
        guard let place = URLComponents(string: url), let host = place.host,
            ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host)
        else { return nil }
        let port = place.port ?? 80
        let sockets = Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap { Self.listeners(Self.read($0), port: port) })
        guard !sockets.isEmpty else { return nil }
        let files = FileManager.default
        let own = Int(ProcessInfo.processInfo.processIdentifier)
        for pid in (try? files.contentsOfDirectory(atPath: "/proc"))?.compactMap({ Int($0) }) ?? [] where pid != own {
            let folder = "/proc/\(pid)/fd"
            for file in (try? files.contentsOfDirectory(atPath: folder)) ?? [] {
                guard let target = try? files.destinationOfSymbolicLink(atPath: "\(folder)/\(file)"),
                    sockets.contains(target)
                else { continue }
                self.pid = pid
                name = Self.read("/proc/\(pid)/comm").trimmingCharacters(in: .whitespacesAndNewlines)
                return
            }
        }
        return nil
    }

    /// How much the process and all below it have used so far.
    func used() -> Duration {
        var times: [Int: (parent: Int, ticks: Int)] = [:]
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = Int(entry) else { continue }
            times[pid] = Self.times(Self.read("/proc/\(pid)/stat"))
        }
        var ticks = 0
        for (pid, time) in times {
            var ancestor = pid
            // As deep as any tree of processes, should one change while it is read.
            for _ in 0..<32 where ancestor != self.pid { ancestor = times[ancestor]?.parent ?? 0 }
            if ancestor == self.pid { ticks += time.ticks }
        }
        return .milliseconds(ticks * 1_000 / max(1, sysconf(Int32(_SC_CLK_TCK))))
    }

    /// How many processors it uses, on average over a time from now on.
    func share(over time: Duration) async -> Double {
        let (start, before) = (ContinuousClock.now, used())
        try? await Task.sleep(for: time)
        return (used() - before) / (.now - start)
    }

    // MARK: - Reading /proc

    /// The sockets that listen at a port, as the links of their owners name them: `socket:[INODE]`.
    static func listeners(_ table: String, port: Int) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            // 0A is the state LISTEN.
            guard fields.count > 9, fields[3] == "0A", let number = fields[1].split(separator: ":").last,
                Int(number, radix: 16) == port
            else { return nil }
            return "socket:[\(fields[9])]"
        }
    }

    /// The parent of a process, and the ticks that it has used.
    static func times(_ stat: String) -> (parent: Int, ticks: Int)? {
        // The name stands in parentheses and may hold anything, parentheses and spaces included.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[end...].split(separator: " ")
        guard fields.count > 13, let parent = Int(fields[2]), let user = Int(fields[12]), let system = Int(fields[13])
        else { return nil }
        return (parent, user + system)
    }

    /// Files of `/proc` say that they are empty, so they are read until there is no more.
    private static func read(_ path: String) -> String {
        guard let file = FileHandle(forReadingAtPath: path) else { return "" }
        defer { try? file.close() }
        return (try? file.readToEnd()).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// What an engine uses at rest and at work, so that one is told from the other.
struct ProcessorScale: Sendable {
    let use: ProcessorUse
    let rest: Double
    let work: Double

    /// `nil` when the two are too close.
    init?(_ use: ProcessorUse, rest: Double, work: Double) {
        guard work >= 0.1, work > rest * 4 else { return nil }
        (self.use, self.rest, self.work) = (use, rest, work)
    }

    /// Whether somebody works who uses that much.
    func isWork(_ share: Double) -> Bool { share >= rest + (work - rest) * 0.25 }

    /// Looks in steps until it rests for several in a row: an engine that waits for the processor seems to rest as well.
    func look(since start: ContinuousClock.Instant, limit: Duration) async -> StopJudgement.Sight {
        var restsSince: ContinuousClock.Instant?
        var steps = 0
        while !Task.isCancelled {
            let now = ContinuousClock.now
            if await !isWork(use.share(over: .milliseconds(100))) {
                restsSince = restsSince ?? now
                steps += 1
                if let restsSince, steps == 5 { return .idle(after: max(.zero, restsSince - start)) }
            } else {
                (restsSince, steps) = (nil, 0)
            }
            if now - start > limit { return .busy(for: now - start) }
        }
        return .nothing("the examination was interrupted")
    }
}

#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// A process as it can be recognised later: its number and when it started, since numbers come back.
public struct BoardProcess: Sendable, Equatable {
    /// The process's number.
    public let identifier: Int32
    /// In ticks since the machine's start, from `/proc`; 0 where that is not known.
    public let start: UInt64

    /// The process that asks.
    static var own: BoardProcess { BoardProcess(identifier: getpid(), start: startTime(of: getpid())) }

    /// Whether it still runs.
    ///
    /// The answer holds among processes that see each other's numbers: two containers that share a board's directory
    /// must share the process namespace as well, or at least never run two gateways on it.
    public var isAlive: Bool {
        guard identifier > 0, kill(identifier, 0) == 0 || errno == EPERM else { return false }
        return start == 0 || start == Self.startTime(of: identifier)
    }

    private static func startTime(of process: pid_t) -> UInt64 {
        let file = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(file, &bytes, bytes.count)
        // The name, in brackets, may hold anything; the fields after it are numbered from 3 and the start is the 22nd.
        guard count > 0, let name = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return 0 }
        let fields = bytes[(name + 1)..<count].split(separator: UInt8(ascii: " "))
        guard fields.count > 19 else { return 0 }
        // A process that has ended and that nobody has asked about yet.
        if fields[0].first == UInt8(ascii: "Z") { return 0 }
        return UInt64(String(decoding: fields[19], as: UTF8.self)) ?? 0
    }
}

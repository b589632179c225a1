#if canImport(Darwin)
private import Darwin
#elseif canImport(Musl)
private import Musl
#else
private import Glibc
#endif

/// A moment on the clock that all processes of a machine share, `CLOCK_MONOTONIC`, in nanoseconds.
///
/// It is passed in everywhere, so that tests need not wait.
public struct BoardTime: Sendable, Comparable {
    /// Nanoseconds since some moment before the machine's start.
    public let nanoseconds: UInt64

    /// The moment that many nanoseconds after the clock's zero.
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// This moment.
    public static func now() -> BoardTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return BoardTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// Orders moments as they come.
    public static func < (left: BoardTime, right: BoardTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The moment that much later.
    public static func + (moment: BoardTime, nanoseconds: UInt64) -> BoardTime {
        BoardTime(nanoseconds: moment.nanoseconds &+ nanoseconds)
    }

    /// Nanoseconds since `earlier`; 0 when that is still to come, as another process's clock reading may be.
    func since(_ earlier: BoardTime) -> UInt64 { self > earlier ? nanoseconds - earlier.nanoseconds : 0 }
}

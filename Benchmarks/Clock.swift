import Glibc

/// The time in nanoseconds of the clock that every process of the machine shares, `CLOCK_MONOTONIC`: a stamp taken in
/// one process is compared with a stamp taken in another.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The CPU time in nanoseconds that this thread has used. Unlike the time of day it does not run while somebody else has
/// the CPU.
func threadNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The CPU time in nanoseconds that all threads of this process have used.
func processNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Times passes of a benchmark and keeps what they computed, so that nothing is optimised away.
struct Stopwatch {
    /// How many samples make up a figure.
    let repetitions: Int
    /// How long one sample takes at least, in seconds.
    let sampleSeconds: Double
    /// What all passes computed; printed at the end.
    private(set) var checksum: UInt64 = 0

    init(repetitions: Int, sampleSeconds: Double) {
        self.repetitions = repetitions
        self.sampleSeconds = sampleSeconds
    }

    /// CPU time in nanoseconds per unit of work; one pass does `units` of them. The first pass only warms up.
    mutating func nanoseconds(per units: Int, _ pass: () throws -> UInt64) rethrows -> Samples {
        checksum ^= try pass()
        var values: [Double] = []
        for _ in 0..<repetitions {
            var passes = 0
            let start = threadNanoseconds()
            var elapsed: UInt64 = 0
            repeat {
                checksum = checksum &* 31 &+ (try pass())
                passes += 1
                elapsed = threadNanoseconds() - start
            } while Double(elapsed) < sampleSeconds * 1e9
            values.append(Double(elapsed) / Double(passes * units))
        }
        return Samples(values)
    }
}

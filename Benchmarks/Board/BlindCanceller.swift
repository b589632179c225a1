import CancelBoard
import Cancellation
import Glibc
import Synchronization

/// The negative control: raises the flag of whoever has the slot, as a board without generations would.
final class BlindCanceller: Sendable {
    // Written once, and what it points to is only accessed atomically.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer

    /// - Parameter directory: Where the board is.
    init(_ directory: String) throws {
        let path = "\(directory)/board.cmd"
        let file = open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else { throw BenchmarkError("cannot open '\(path)': \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var facts = stat()
        fstat(file, &facts)
        guard let base = mmap(nil, Int(facts.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), base != MAP_FAILED
        else { throw BenchmarkError("cannot map '\(path)': \(String(cString: strerror(errno)))") }
        self.base = base
    }

    func cancel(_ handle: BoardHandle, _ reason: EndReason) -> BoardOwner.CancelResult {
        let command = word(4096 + Int(handle.slot) * 128)
        let seen = command.pointee.load(ordering: .acquiring)
        guard seen & 1 != 0 else { return .stale }
        if seen & 2 != 0 { return .already }
        let raised = (seen >> 16) << 16 | UInt64(reason.code) << 8 | 3
        let swap = command.pointee.compareExchange(expected: seen, desired: raised, ordering: .acquiringAndReleasing)
        guard swap.exchanged else { return .stale }
        word(64).pointee.wrappingAdd(1, ordering: .acquiringAndReleasing)
        return .accepted
    }

    private func word(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }
}

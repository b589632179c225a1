import Glibc

/// Finds the stamps in what a client reads: `@digits@`, the time at which an event was written.
///
/// It is fed raw bytes of the connection, chunk framing included. A gateway may have cut a stamp in two with the end of
/// one chunk and the size of the next, which the scanner steps over.
struct StampScanner {
    private enum State {
        case outside
        case inside
        /// Between two chunks, until that many line feeds have passed.
        case framing(Int)
    }

    private var state = State.outside
    private var value: UInt64 = 0

    mutating func scan(_ bytes: UnsafeRawBufferPointer, found: (UInt64) -> Void) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch state {
            case .outside:
                guard let base = bytes.baseAddress, let mark = memchr(base + index, 0x40, bytes.count - index) else {
                    return
                }
                index = UnsafeRawPointer(mark) - base
                state = .inside
                value = 0
            case .inside where byte == 0x40:
                found(value)
                state = .outside
            case .inside where byte == 0x0D:
                state = .framing(2)
            case .inside:
                value = value &* 10 &+ UInt64(byte &- 0x30)
            case .framing(let left) where byte == 0x0A:
                state = left == 1 ? .inside : .framing(left - 1)
            case .framing:
                break
            }
            index += 1
        }
    }
}

import CancelBoard
import Glibc

/// The engine's half of the board's stress: takes requests from standard input, gives each the number of steps that it
/// asks for, and looks at the flags as an engine does.
///
/// A request is a line, `<handle> <steps>`. At the end of the input it finishes what it has and prints what it did.
struct StressEngine {
    private struct Sequence {
        let handle: BoardHandle
        var remaining: UInt64
        var tokens: UInt64 = 0
    }

    private let reader: BoardReader
    private var sequences: [Sequence] = []
    private var input: [UInt8] = []
    private var hasEnded = false
    private var looks: UInt64 = 0

    init(_ reader: BoardReader) { self.reader = reader }

    mutating func run() throws {
        _ = fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK)
        while true {
            try takeRequests()
            if sequences.isEmpty {
                if hasEnded { break }
                waitForInput()
                continue
            }
            step()
        }
        print("steps \(reader.stepCount) looks \(looks)")
    }

    private mutating func step() {
        let isLook = reader.poll(now: .now())
        if isLook { looks += 1 }
        for index in sequences.indices.reversed() {
            if isLook {
                switch reader.state(of: sequences[index].handle) {
                case .running: break
                case .cancelled:
                    finish(index, .cancelled)
                    continue
                case .orphan:
                    finish(index, .orphan)
                    continue
                }
            }
            sequences[index].tokens += 1
            sequences[index].remaining -= 1
            if sequences[index].remaining == 0 { finish(index, .natural) }
        }
    }

    private mutating func finish(_ index: Int, _ outcome: BoardOutcome) {
        let sequence = sequences.remove(at: index)
        reader.finish(sequence.handle, outcome, tokens: sequence.tokens, step: reader.stepCount)
    }

    private mutating func takeRequests() throws {
        guard !hasEnded else { return }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(0, &bytes, bytes.count)
        if count == 0 { hasEnded = true }
        guard count > 0 else { return }
        input += bytes[..<count]
        var start = 0
        while let end = input[start...].firstIndex(of: 10) {
            let parts = input[start..<end].split(separator: 32)
            start = end + 1
            guard parts.count == 2, let steps = UInt64(String(decoding: parts[1], as: UTF8.self)), steps > 0 else {
                throw BenchmarkError("a request must be '<handle> <steps>'")
            }
            let handle = try BoardHandle(parsing: String(decoding: parts[0], as: UTF8.self))
            switch reader.admit(handle) {
            case .admitted: sequences.append(Sequence(handle: handle, remaining: steps))
            case .cancelled: reader.finish(handle, .cancelled, tokens: 0, step: reader.stepCount)
            case .orphan, .foreignEpoch: throw BenchmarkError("the board does not know \(handle)")
            }
        }
        input.removeFirst(start)
    }

    private func waitForInput() {
        var request = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        _ = Glibc.poll(&request, 1, 100)
        reader.beat()
    }
}

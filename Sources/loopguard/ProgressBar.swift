import Foundation
import Glibc

/// How far a long command is, on one line of a terminal's standard error; nothing where that is no terminal.
struct ProgressBar {
    private let isShown = isatty(STDERR_FILENO) == 1
    /// Whether lines of the result go to the same terminal.
    private let sharesTerminal = isatty(STDOUT_FILENO) == 1
    private let total: Int?
    private let start = ContinuousClock.now
    private var last: ContinuousClock.Instant?
    private var done = (items: 0, bytes: 0)

    /// - Parameter total: How many bytes there are; asked only when the bar is shown.
    init(total: () -> Int?) { self.total = isShown ? total() : nil }

    /// Notes that some more is done.
    mutating func advance(bytes: Int) {
        done.items += 1
        done.bytes += bytes
        guard isShown else { return }
        let now = ContinuousClock.now
        if let last, now - last < .milliseconds(100) { return }
        last = now
        draw(now)
    }

    /// Makes room for a line of the result.
    mutating func clear() {
        guard isShown, last != nil else { return }
        if sharesTerminal { last = nil }
        write("\r\u{1B}[K")
    }

    private func draw(_ now: ContinuousClock.Instant) {
        let seconds = max(0.001, Double((now - start) / .milliseconds(1)) / 1_000)
        let rate = Double(done.bytes) / seconds
        var line = "\(done.items) recordings, \(Self.megabytes(Double(done.bytes)))"
        if let total, total > 0 {
            let share = min(1, Double(done.bytes) / Double(total))
            let filled = Int(share * 30)
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
            let left = rate > 0 ? Int(Double(max(0, total - done.bytes)) / rate) : 0
            line = "\(bar) \(Int(share * 100)) %  \(line) of \(Self.megabytes(Double(total))), \(left) s left"
        }
        write("\r\u{1B}[K\(line), \(Self.megabytes(rate))/s")
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    private static func megabytes(_ bytes: Double) -> String { String(format: "%.1f MB", bytes / 1_000_000) }
}

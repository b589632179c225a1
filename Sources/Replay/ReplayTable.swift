import LoopDetection

extension ReplayResult {
    /// The names of the columns.
    public static let tableHead = row("verdict", "detector", "channel", "event", "byte", "saved", "bytes", "file")

    /// The result as a row; what kept it from being replayed stands in place of the facts.
    public var tableRow: String {
        if let error { return Self.row("error", "", "", "", "", "", "", "\(file): \(error)") }
        return Self.row(
            verdictName,
            verdict?.detector.name ?? "",
            verdict?.channel.map { "\($0)" } ?? "",
            verdict == nil ? "" : String(event),
            verdict.map { String($0.byte) } ?? "",
            savedBytes == 0 ? "" : String(savedBytes),
            isUnchanged ? "same" : "changed",
            file
        )
    }

    private static let widths = [7, 17, 9, 7, 8, 8, 7]

    private static func row(_ cells: String...) -> String {
        var row = ""
        for (place, cell) in cells.enumerated() {
            guard place < widths.count else { return row + cell }
            let padding = String(repeating: " ", count: max(0, widths[place] - cell.count))
            // Numbers stand to the right.
            row += (3...5).contains(place) ? padding + cell + "  " : cell + padding + "  "
        }
        return row
    }
}

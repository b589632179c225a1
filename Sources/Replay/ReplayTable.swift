import LoopDetection

extension ReplayRow {
    /// The names of the columns.
    public static func tableHead(compares: Bool) -> String {
        guard compares else { return ReplayResult.tableHead }
        return TextRow.row(changeWidths, numbers: 3...3, ["change", "before", "now", "saved", "file"])
    }

    /// The row as a line of a table; in a comparison `nil` when nothing changes.
    public var tableRow: String? {
        guard let before, let change else { return result.tableRow }
        guard change != .same else { return nil }
        let saved = result.savedBytes - before.savedBytes
        return TextRow.row(
            Self.changeWidths,
            numbers: 3...3,
            [change.words, before.inShort, result.inShort, (saved > 0 ? "+" : "") + String(saved), result.file]
        )
    }

    private static let changeWidths = [17, 26, 26, 9]
}

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

    /// Verdict, detector and event.
    fileprivate var inShort: String {
        guard let verdict else { return "pass" }
        return "\(verdict.mode == .stop ? "" : "\(verdictName) ")\(verdict.detector.name) @\(event)"
    }

    private static func row(_ cells: String...) -> String {
        TextRow.row([7, 17, 9, 7, 8, 8, 7], numbers: 3...5, cells)
    }
}

/// A line of a table in text.
private enum TextRow {
    /// Cells one beside the other, numbers to the right, the last one as long as it is.
    static func row(_ widths: [Int], numbers: ClosedRange<Int>, _ cells: [String]) -> String {
        var row = ""
        for (place, cell) in cells.enumerated() {
            guard place < widths.count else { return row + cell }
            let padding = String(repeating: " ", count: max(0, widths[place] - cell.count))
            row += numbers.contains(place) ? padding + cell + "  " : cell + padding + "  "
        }
        return row
    }
}

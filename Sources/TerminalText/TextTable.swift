/// Columns of text, as wide as their widest cell.
public struct TextTable: Sendable {
    private var rows: [[String]]
    private let aligned: [Alignment]

    /// Where the text of a column stands.
    public enum Alignment: Sendable { case left, right }

    /// Begins a table with its head.
    public init(_ columns: [(title: String, alignment: Alignment)]) {
        rows = [columns.map(\.title)]
        aligned = columns.map(\.alignment)
    }

    /// Adds a row with one cell for each column.
    public mutating func add(_ cells: [String]) {
        precondition(cells.count == aligned.count, "a row has \(aligned.count) cells")
        rows.append(cells)
    }

    /// The lines, without spaces at their ends.
    public var lines: [String] {
        let widths = aligned.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                if column > 0 { line += "  " }
                let space = String(repeating: " ", count: widths[column] - cell.count)
                line += aligned[column] == .left ? cell + space : space + cell
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

import LoopDetection

extension ReplayRow {
    /// The names of the columns, as a line of CSV (RFC 4180) without the line end.
    public static func csvHead(compares: Bool) -> String {
        let names = [
            "file", "format", "verdict", "detector", "channel", "event", "byte", "evidence", "bytes", "output_bytes",
            "saved_bytes", "tokens", "saved_tokens", "seconds", "saved_seconds", "unchanged", "error",
        ]
        let more = [
            "change", "before_verdict", "before_detector", "before_channel", "before_event", "before_byte",
            "before_saved_bytes",
        ]
        return (names + (compares ? more : [])).joined(separator: ",")
    }

    /// The row as a line of CSV, without the line end.
    public var csvLine: String {
        var line = CSVLine()
        line.add(result.file)
        line.add(result.format)
        line.add(verdict: result)
        line.add(result.evidenceText)
        line.add(result.bodyBytes)
        line.add(result.outputBytes)
        line.add(result.savedBytes)
        line.add(result.tokens)
        line.add(result.savedTokens)
        line.add(result.seconds)
        line.add(result.savedSeconds)
        line.add(result.isUnchanged ? "true" : "false")
        line.add(result.error ?? "")
        if let before {
            line.add(change?.rawValue ?? "")
            line.add(verdict: before)
            line.add(before.savedBytes)
        }
        return line.cells.joined(separator: ",")
    }
}

/// The cells of a line.
private struct CSVLine {
    private(set) var cells: [String] = []

    mutating func add(_ cell: String) {
        let isPlain = !cell.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
        cells.append(isPlain ? cell : "\"" + cell.replacing("\"", with: "\"\"") + "\"")
    }

    mutating func add(_ number: Int?) { cells.append(number.map(String.init) ?? "") }

    mutating func add(_ number: Double?) { cells.append(number.map { "\($0)" } ?? "") }

    /// Verdict, detector, channel, event and byte.
    mutating func add(verdict result: ReplayResult) {
        add(result.verdictName)
        add(result.verdict?.detector.name ?? "")
        add(result.verdict?.channel.map { "\($0)" } ?? "")
        add(result.verdict == nil ? nil : result.event)
        add(result.verdict?.byte)
    }
}

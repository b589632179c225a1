import Foundation
import LoopDetection

extension Score {
    /// The score as a page of text.
    public var table: String {
        var page = Self.row("detector", "stops", "false stops", "95 %", "misses", "95 %", "loop bytes", "p95")
        page += row("all", stops, total)
        for detector in detectors where detector.alone.falseStops.count + detector.stops > 0 {
            page += row(detector.id.name, detector.first, detector.alone)
        }
        page +=
            "\nA detector's row says what it does alone; 'stops', how many runs it was the first to stop. 'loop bytes'"
        page += " is the\nmedian of the bytes of loop that were delivered before the stop.\n"
        if !failures.isEmpty {
            page += "\n"
            for failure in failures {
                let detector = failure.outcome == .missed ? "" : failure.verdict?.detector.name ?? ""
                page += "\(failure.outcome.name.padding(12))\(detector.padding(19))\(failure.file)\n"
            }
        }
        for error in errors { page += "error: \(error)\n" }
        page += "\n\(sentence)\n"
        return page
    }

    /// The score as a sentence.
    public var sentence: String {
        var sentence = """
            \(total.healthy) healthy: \(total.falseStops.count) stopped; \(total.loops) loops: \
            \(total.misses.count) missed, \(total.earlyStops.count) stopped before they began
            """
        if unlabelled > 0 { sentence += "; \(unlabelled) without label" }
        if !errors.isEmpty { sentence += "; \(errors.count) errors" }
        return sentence
    }

    private var stops: Int { total.falseStops.count + total.loops - total.misses.count }

    private func row(_ name: String, _ stops: Int, _ tally: Tally) -> String {
        Self.row(
            name,
            String(stops),
            "\(tally.falseStops.count) of \(tally.falseStops.of)",
            tally.falseStops.percentages,
            "\(tally.misses.count) of \(tally.misses.of)",
            tally.misses.percentages,
            tally.delivered(0.5).map(String.init) ?? "",
            tally.delivered(0.95).map(String.init) ?? ""
        )
    }

    private static let widths = [18, 6, 12, 14, 13, 14, 11, 8]

    private static func row(_ cells: String...) -> String {
        zip(cells, widths).enumerated().map { place, cell in
            place == 0 ? cell.0.padding(cell.1) : String(repeating: " ", count: max(1, cell.1 - cell.0.count)) + cell.0
        }
        .joined() + "\n"
    }
}

extension Share {
    /// The interval in per cent.
    var percentages: String {
        String(format: "%.1f–%.1f %%", interval.lowerBound * 100, interval.upperBound * 100)
    }
}

extension String {
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}

extension Score.Detector {
    /// The loops it stops when it is alone.
    var stops: Int { alone.loops - alone.misses.count - alone.earlyStops.count }
}

import LoopDetection

extension ReplayReport {
    /// The report as one page of HTML that needs nothing from anywhere else and runs no script.
    public func html(_ title: Title) -> String {
        let against: HTML = title.against.map { "<span><b>Against</b> \($0)</span>" } ?? ""
        let page: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="referrer" content="no-referrer">
            <title>loopguard replay: \(summary.stopped) of \(summary.recordings) stopped</title>
            <style>\(ReportStyle.css)\(filterStyle)</style>
            </head>
            <body>
            <header>
            <h1>What the guard would have done</h1>
            <p class="about"><span><b>Recordings</b> \(title.paths.joined(separator: ", "))</span> \
            <span><b>Rules</b> \(title.rules)</span> \(against)</p>
            </header>
            <main>
            \(tiles)
            \(verdictBar)
            \(changeSection)
            \(detectorSection)
            \(distributionSection)
            \(runSection)
            \(errorSection)
            </main>
            <footer>Verdicts depend on the bytes alone: the same recordings and rules give this very page again. Tokens \
            are counted as the pieces of text that the engine sent, about one per token.</footer>
            </body>
            </html>

            """
        return page.markup
    }

    // MARK: - The whole in numbers

    private var tiles: HTML {
        let saved = summary.savedBytes
        var tiles: [HTML] = [
            tile("recordings", Readable.count(summary.recordings), Readable.bytes(summary.bytes)),
            tile(
                "would have been stopped",
                Readable.count(summary.stopped),
                Readable.percent(summary.stopped, of: summary.recordings),
                kind: "stop"
            ),
            tile("bytes saved", Readable.bytes(saved), Readable.percent(saved, of: summary.bytes) + " of all"),
            tile(
                "tokens saved",
                "≈\u{202F}" + Readable.count(summary.savedTokens),
                Readable.percent(summary.savedTokens, of: summary.tokens + summary.savedTokens) + " of all"
            ),
        ]
        if let seconds = summary.savedSeconds {
            tiles.append(tile("time saved", Readable.duration(seconds), "of the engine, as recorded"))
        }
        if summary.errors > 0 {
            tiles.append(tile("not replayed", Readable.count(summary.errors), "see below", kind: "error"))
        }
        return "<section class=\"tiles\">\(HTML(tiles))</section>"
    }

    private func tile(_ name: String, _ value: String, _ note: String, kind: HTML = "") -> HTML {
        """
        <div class="tile \(kind)"><div class="value">\(value)</div><div class="name">\(name)</div>\
        <div class="note">\(note)</div></div>
        """
    }

    private static let modes: [(mode: Mode, kind: HTML, words: String)] = [
        (.stop, "stop", "stopped"), (.warn, "warn", "warned about"), (.observe, "observe", "observed"),
        (.off, "pass", "passed"),
    ]

    private var verdictBar: HTML {
        let total = max(1, summary.recordings - summary.errors)
        let parts = Self.modes.filter { summary.verdicts[$0.mode, default: 0] > 0 }
        return """
            <section class="verdicts"><div class="bar" role="img" aria-label="verdicts">\
            \(parts.html { "<span class=\"\($0.kind)\" style=\"flex:\(summary.verdicts[$0.mode, default: 0])\"></span>" })\
            </div><p class="legend">\
            \(parts.html {
                let count = summary.verdicts[$0.mode, default: 0]
                return """
                    <span><i class="\($0.kind)"></i>\(Readable.count(count)) \($0.words) \
                    (\(Readable.percent(count, of: total)))</span>
                    """
            })</p></section>
            """
    }

    private var changeSection: HTML {
        guard let before else { return "" }
        let kinds = Change.allCases.filter { $0 != .same }
        return """
            <section><h2>What changes</h2>
            <div class="tiles small">\
            \(kinds.html { tile($0.words, Readable.count(changes[$0, default: 0]), "", kind: $0.kind) })\
            \(tile("the same", Readable.count(changes[.same, default: 0]), ""))</div>
            <div class="scroll"><table class="numbers"><thead><tr><th></th><th>stopped</th><th>warned</th>\
            <th>observed</th><th>bytes saved</th><th>tokens saved</th></tr></thead><tbody>\
            \(row("before", before))\(row("now", summary))</tbody></table></div></section>
            """
    }

    private func row(_ name: String, _ summary: ReplaySummary) -> HTML {
        """
        <tr><th>\(name)</th><td>\(Readable.count(summary.stopped))</td>\
        <td>\(Readable.count(summary.verdicts[.warn, default: 0]))</td>\
        <td>\(Readable.count(summary.verdicts[.observe, default: 0]))</td>\
        <td>\(Readable.bytes(summary.savedBytes))</td><td>\(Readable.count(summary.savedTokens))</td></tr>
        """
    }

    // MARK: - Detectors

    private var detectorSection: HTML {
        let known = DetectorID.allCases.compactMap { id in detectors[id].map { (id, $0) } }
        guard !known.isEmpty else { return "" }
        let most = known.map { max($0.1.verdicts[.stop, default: 0], $0.1.alone) }.max() ?? 0
        return """
            <section><h2>Detectors side by side</h2>
            <p class="hint"><b>First</b>: it ended the run. <b>Alone</b>: it would have ended it with every other \
            detector off. <b>Only it</b>: no other would have.</p>
            <div class="scroll"><table class="numbers"><thead><tr><th>detector</th><th>first</th><th>alone</th>\
            <th>only it</th><th class="wide"></th><th>bytes saved</th><th>tokens saved</th><th>warned</th>\
            <th>observed</th><th>where it stopped</th></tr></thead><tbody>
            \(known.html { row($0, $1, most: max(1, most)) })</tbody></table></div></section>
            """
    }

    private func row(_ id: DetectorID, _ detector: Detector, most: Int) -> HTML {
        let first = detector.verdicts[.stop, default: 0]
        return """
            <tr><th><code>\(id.name)</code></th><td>\(Readable.count(first))</td><td>\(Readable.count(detector.alone))</td>\
            <td>\(Readable.count(detector.only))</td><td class="wide">\(Chart.pair(first, detector.alone, most: most))</td>\
            <td>\(Readable.bytes(detector.savedBytes))</td><td>\(Readable.count(detector.savedTokens))</td>\
            <td>\(Readable.count(detector.verdicts[.warn, default: 0]))</td>\
            <td>\(Readable.count(detector.verdicts[.observe, default: 0]))</td>\
            <td>\(Chart.spark(detector.places, within: places.extent))</td></tr>
            """
    }

    // MARK: - Distributions

    private var distributionSection: HTML {
        guard summary.recordings > summary.errors else { return "" }
        var charts: [HTML] = []
        let sizes: [(kind: HTML, name: String, Histogram)] = [
            ("other", "not stopped", otherSizes), ("stop", "stopped", stoppedSizes),
        ]
        charts.append(figure("Size of the recordings", sizes))
        if places.total > 0 {
            charts.append(figure("Where runs were stopped, in bytes of text", [("stop", "stopped", places)]))
        }
        if savings.total > 0 {
            charts.append(figure("What a stop saved, in bytes of stream", [("stop", "stopped", savings)]))
        }
        return "<section><h2>Distributions</h2><div class=\"charts\">\(HTML(charts))</div></section>"
    }

    private func figure(_ caption: String, _ series: [(kind: HTML, name: String, Histogram)]) -> HTML {
        let legend: HTML =
            series.count < 2 ? "" : series.html { "<span><i class=\"\($0.kind)\"></i>\($0.name)</span> " }
        return """
            <figure><figcaption>\(caption)</figcaption>\(Chart.bars(series.map { ($0.kind, $0.2) }))\
            <p class="legend">\(legend)</p></figure>
            """
    }

    // MARK: - What could not be replayed

    private var errorSection: HTML {
        guard !errors.isEmpty else { return "" }
        return """
            <section><h2>Not replayed</h2><ul class="errors">\
            \(errors.html { "<li><code>\($0.file)</code> \($0.error ?? "")</li>" })</ul></section>
            """
    }
}

extension Change {
    /// The class of its colour.
    var kind: HTML {
        switch self {
        case .newlyStopped, .earlier: "stop"
        case .noLongerStopped, .later: "pass"
        case .otherwise: "warn"
        case .same: ""
        }
    }
}

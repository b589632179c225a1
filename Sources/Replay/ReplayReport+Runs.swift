import LoopDetection

/// The runs of a report, one by one.
extension ReplayReport {
    var runSection: HTML {
        guard !rows.isEmpty else {
            return "<section><h2>Runs</h2><p class=\"none\">No run would have been stopped.</p></section>"
        }
        let head: HTML = before == nil ? "" : "<th>change</th>"
        let heading =
            before == nil ? "Runs that would have been stopped" : "Runs that change, and those that are stopped"
        let isCut = rows.count == mostRows
        let hint: HTML =
            isCut ? "<p class=\"hint\">The first \(rows.count). All are in the JSON Lines (--format jsonl).</p>" : ""
        return """
            <section class="runs"><h2>\(heading)</h2>
            \(hint)
            \(filter)
            <div class="scroll"><table class="runs"><thead><tr><th>recording</th>\(head)<th>verdict</th>\
            <th>detector</th><th>where</th><th>event</th><th>at byte</th><th>saved</th><th>tokens</th></tr></thead><tbody>
            \(changedFirst.enumerated().html { tableRow($0, $1) })</tbody></table></div>
            \(changedFirst.enumerated().html { $1.result.verdict == nil ? "" : card($0, $1) })</section>
            """
    }

    /// The rows in their order, but those that change before the others.
    private var changedFirst: [ReplayRow] {
        rows.filter { ($0.change ?? .same) != .same } + rows.filter { ($0.change ?? .same) == .same }
    }

    // MARK: - Showing one detector only, without a script

    /// The detectors among the rows, by how often.
    private var shown: [(id: DetectorID, count: Int)] {
        DetectorID.allCases.map { id in (id, rows.count { $0.result.verdict?.detector == id }) }.filter { $0.1 > 0 }
    }

    var filterStyle: HTML {
        shown.html { id, _ in "body:has(#only-\(id.name):checked) .runs .run:not(.\(id.name)){display:none}" }
    }

    private var filter: HTML {
        guard shown.count > 1 else { return "" }
        return """
            <fieldset class="filter"><legend>Show</legend><label><input type="radio" name="only" checked> all \
            <b>\(rows.count)</b></label>\(shown.html { id, count in
                "<label><input type=\"radio\" name=\"only\" id=\"only-\(id.name)\"> \(id.name) <b>\(count)</b></label>"
            })</fieldset>
            """
    }

    // MARK: - A run

    private func tableRow(_ place: Int, _ row: ReplayRow) -> HTML {
        let result = row.result
        let name: HTML =
            result.verdict == nil ? "\(result.file)" : "<a href=\"#run-\(place)\">\(result.file)</a>"
        let change: HTML =
            row.before == nil
            ? "" : "<td><span class=\"chip \(row.change?.kind ?? "")\">\(row.change?.words ?? "")</span></td>"
        return """
            <tr class="run \(result.verdict?.detector.name ?? "")"><th>\(name)</th>\(change)\
            <td><span class="chip \(result.kind)">\(result.verdictName)</span></td>\
            <td><code>\(result.verdict?.detector.name ?? "")</code></td><td>\(result.channelName)</td>\
            <td>\(result.verdict == nil ? "" : Readable.count(result.event))</td>\
            <td>\(result.verdict.map { Readable.count($0.byte) } ?? "")</td>\
            <td>\(Readable.bytes(result.savedBytes))</td><td>\(Readable.count(result.savedTokens))</td></tr>

            """
    }

    private func card(_ place: Int, _ row: ReplayRow) -> HTML {
        let result = row.result
        return """
            <article class="run \(result.verdict?.detector.name ?? "")" id="run-\(place)">
            <h3>\(result.file)</h3>
            <p class="facts"><span class="chip \(result.kind)">\(result.verdictName)</span> \
            <code>\(result.verdict?.detector.name ?? "")</code> \(result.channelName) \
            <span>event \(Readable.count(result.event)), byte \(Readable.count(result.verdict?.byte ?? 0))</span>\
            <span>\(result.format)</span><span>saved \(savings(of: result))</span>\(change(row))</p>
            \(Chart.timeline(result))
            <dl>\(result.verdict?.evidence.facts.html(fact) ?? "")</dl>
            \(result.excerpt.map(excerpt) ?? "")
            \(alone(result))
            </article>

            """
    }

    private func savings(of result: ReplayResult) -> String {
        var text = "\(Readable.bytes(result.savedBytes)) (\(Readable.percent(result.savedBytes, of: result.bodyBytes)))"
        text += ", ≈\u{202F}\(Readable.count(result.savedTokens)) tokens"
        if let seconds = result.savedSeconds { text += ", \(Readable.duration(seconds))" }
        return text
    }

    private func change(_ row: ReplayRow) -> HTML {
        guard let before = row.before, let change = row.change else { return "" }
        let old = before.verdict.map { "\(before.verdictName) by \($0.detector.name) at event \(before.event)" }
        return "<span class=\"chip \(change.kind)\">\(change.words)</span><span>before: \(old ?? "passed")</span>"
    }

    private func fact(_ fact: (name: String, value: Evidence.Value)) -> HTML {
        let value: HTML =
            switch fact.value {
            case .integer(let number): "\(Readable.count(number))"
            case .number(let share): "\(Readable.decimal(share))"
            case .text(let text): "<code>\(text)</code>"
            }
        return "<div><dt>\(fact.name)</dt><dd>\(value)</dd></div>"
    }

    private func excerpt(_ excerpt: Excerpt) -> HTML {
        var text: HTML = ""
        var isSpared = false
        for piece in excerpt.pieces {
            if piece.omitted > 0 { text += "<span class=\"gap\">… \(Readable.bytes(piece.omitted)) …</span>" }
            if piece.isSpared, !isSpared { text += "<span class=\"cut\">stopped here</span>" }
            isSpared = piece.isSpared
            let spared: HTML = piece.isSpared ? "spared" : ""
            if let copy = piece.copy {
                text += "<mark class=\"\(copy.isMultiple(of: 2) ? "even" : "odd") \(spared)\">\(piece.text)</mark>"
            } else {
                text += "<span class=\"\(spared)\">\(piece.text)</span>"
            }
        }
        return "<pre>\(text)</pre>"
    }

    private func alone(_ result: ReplayResult) -> HTML {
        let others = result.alone.filter { $0.detector != result.verdict?.detector.name }
        guard !others.isEmpty else { return "" }
        return """
            <p class="hint">Alone, would also have stopped it: \(others.html {
                "<code>\($0.detector)</code> at event \(Readable.count($0.event)) "
            })</p>
            """
    }
}

extension ReplayResult {
    /// The class of its colour.
    fileprivate var kind: HTML {
        switch verdict?.mode {
        case .stop: "stop"
        case .warn: "warn"
        case .observe: "observe"
        case .off, nil: "pass"
        }
    }

    fileprivate var channelName: String {
        guard let verdict else { return "" }
        return verdict.channel.map { "\($0)" } ?? "calls"
    }
}

/// The charts of a report, as SVG in the page.
enum Chart {
    /// Bars over powers of two, one series standing on the other.
    static func bars(_ series: [(kind: HTML, Histogram)]) -> HTML {
        let extents = series.compactMap(\.1.extent)
        guard let first = extents.map(\.lowerBound).min(), let last = extents.map(\.upperBound).max() else { return "" }
        let places = Array(max(0, first - 1)...last + 1)
        let most = places.map { place in series.reduce(0) { $0 + $1.1.count(at: place) } }.max() ?? 1
        let (width, height, foot) = (400, 180, 22)
        let step = Double(width - 44) / Double(places.count)
        var shapes: HTML = ""
        for line in gridLines(most) {
            let y = height - foot - line * (height - foot - 12) / most
            shapes += """
                <line x1="40" x2="\(width)" y1="\(y)" y2="\(y)" class="grid"/>\
                <text x="34" y="\(y + 4)" class="axis end">\(Readable.count(line))</text>
                """
        }
        for (index, place) in places.enumerated() {
            let x = Int(42 + step * Double(index))
            var base = height - foot
            for (kind, histogram) in series where histogram.count(at: place) > 0 {
                let count = histogram.count(at: place)
                let tall = max(1, count * (height - foot - 12) / most)
                base -= tall
                let range = "\(Readable.bytes(Histogram.lowerBound(place))) to \(Readable.bytes(1 << place))"
                shapes += """
                    <rect x="\(x)" y="\(base)" width="\(max(2, Int(step) - 3))" height="\(tall)" rx="2" class="\(kind)">\
                    <title>\(range): \(Readable.count(count))</title></rect>
                    """
            }
            let labels = max(1, places.count * 58 / width)
            if index.isMultiple(of: labels) {
                shapes +=
                    "<text x=\"\(x)\" y=\"\(height - 6)\" class=\"axis\">\(label(Histogram.lowerBound(place)))</text>"
            }
        }
        return "<svg viewBox=\"0 0 \(width) \(height)\" role=\"img\">\(shapes)</svg>"
    }

    /// One to four round numbers up to the highest.
    private static func gridLines(_ most: Int) -> [Int] {
        var step = 1
        while most / step > 4 {
            step *= step.description.hasPrefix("2") ? 5 : 2
            if step.description.hasPrefix("4") { step = step / 4 * 5 }
        }
        return Array(stride(from: step, through: most, by: step))
    }

    private static func label(_ bytes: Int) -> String {
        switch bytes {
        case ..<1_024: "\(bytes)"
        case ..<1_048_576: "\(bytes / 1_024)K"
        case ..<1_073_741_824: "\(bytes / 1_048_576)M"
        default: "\(bytes / 1_073_741_824)G"
        }
    }

    /// Two bars below each other.
    static func pair(_ first: Int, _ second: Int, most: Int) -> HTML {
        """
        <svg viewBox="0 0 160 18" class="pair" role="img"><rect class="stop" y="1" height="7" rx="2" \
        width="\(160 * first / most)"/><rect class="other" y="10" height="7" rx="2" width="\(160 * second / most)"/></svg>
        """
    }

    /// A histogram without axes.
    static func spark(_ histogram: Histogram, within extent: ClosedRange<Int>?) -> HTML {
        guard let extent, histogram.total > 0 else { return "" }
        let most = extent.map(histogram.count(at:)).max() ?? 1
        let bars = extent.enumerated().html { index, place in
            let count = histogram.count(at: place)
            let tall = count == 0 ? 0 : max(1, count * 18 / max(1, most))
            let range = "\(Readable.bytes(Histogram.lowerBound(place))) to \(Readable.bytes(1 << place))"
            return """
                <rect class="stop" x="\(index * 7)" y="\(18 - tall)" width="6" height="\(tall)">\
                <title>\(range): \(Readable.count(count))</title></rect>
                """
        }
        return "<svg viewBox=\"0 0 \(extent.count * 7) 18\" class=\"spark\" role=\"img\">\(bars)</svg>"
    }

    /// How much of a recording would have been delivered, and where other detectors would have stopped it.
    static func timeline(_ result: ReplayResult) -> HTML {
        let delivered = 1_000 * min(result.outputBytes, result.bodyBytes) / max(1, result.bodyBytes)
        let events = max(1, result.event)
        let ticks = result.alone.html { stop in
            let place = min(1_000, delivered * stop.event / events)
            return
                "<rect class=\"tick\" x=\"\(place - 1)\" width=\"3\" height=\"14\"><title>\(stop.detector)</title></rect>"
        }
        return """
            <svg viewBox="0 0 1000 14" preserveAspectRatio="none" class="timeline" role="img">\
            <rect class="spare" width="1000" y="3" height="8" rx="3"/>\
            <rect class="other" width="\(delivered)" y="3" height="8" rx="3"/>\(ticks)</svg>
            """
    }
}

/// Reads numbers from a page in Prometheus' text format.
enum PrometheusPage {
    /// The sum of a metric's samples, whatever their labels; `nil` when there are none.
    static func sum(of name: String, in page: [UInt8]) -> Double? {
        let name = Array(name.utf8)
        var sum: Double?
        for line in page.split(separator: UInt8(ascii: "\n")) where line.starts(with: name) {
            var rest = line.dropFirst(name.count)
            if rest.first == UInt8(ascii: "{") {
                guard let end = endOfLabels(rest) else { continue }
                rest = rest[end...].dropFirst()
            }
            guard rest.first == UInt8(ascii: " ") || rest.first == UInt8(ascii: "\t") else { continue }
            let words = rest.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
            guard let word = words.first, let value = Double(String(decoding: word, as: UTF8.self)), value.isFinite
            else { continue }
            sum = (sum ?? 0) + value
        }
        return sum
    }

    /// Where the closing brace of the labels is: a label's value may hold one, too.
    private static func endOfLabels(_ labels: ArraySlice<UInt8>) -> Int? {
        var isQuoted = false
        var isEscaped = false
        for index in labels.indices {
            switch labels[index] {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "}") where !isQuoted: return index
            default: break
            }
        }
        return nil
    }
}

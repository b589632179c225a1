/// A page in the Prometheus text format, version 0.0.4.
///
/// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
struct TextPage {
    private(set) var text = ""

    mutating func family(_ name: String, help: String, kind: MetricKind) {
        let escaped = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        text += "# HELP \(name) \(escaped)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(_ name: String, _ labels: String, value: String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    /// A remark that scrapers skip.
    mutating func comment(_ remark: String) { text += "# \(remark)\n" }

    /// A number as the format writes it: whole numbers without a fraction, infinities and NaN by name.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    /// Labels in the order of their names, escaped. Of two labels of one name the later wins, as the format allows
    /// only one. `le` is the histogram's own, so a label of that name becomes `le_`.
    static func labels(_ dimensions: [(String, String)]) -> String {
        Dictionary(dimensions.map { ($0 == "le" ? "le_" : name($0, colons: false), $1) }) { $1 }
            .sorted { $0.key < $1.key }
            .map { "\($0)=\"\(escape($1))\"" }
            .joined(separator: ",")
    }

    /// A name with every character that the format forbids made an underscore.
    static func name(_ name: String, colons: Bool = true) -> String {
        let kept = name.unicodeScalars.map { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_": Character(scalar)
            case ":" where colons: Character(scalar)
            default: Character("_")
            }
        }
        let first = kept.first ?? "_"
        return (first.isNumber || kept.isEmpty ? "_" : "") + String(kept)
    }

    private static func escape(_ value: String) -> String {
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// The kinds of metric that the format names and this backend has.
enum MetricKind: String {
    case counter
    case gauge
    case histogram
}

/// A piece of HTML. Text that is put into it is escaped; only other pieces go in as they are, so that nothing from a
/// recording can become markup.
struct HTML: ExpressibleByStringInterpolation, Sendable {
    private(set) var markup: String

    init(stringLiteral markup: String) { self.markup = markup }

    init(stringInterpolation: StringInterpolation) { markup = stringInterpolation.markup }

    /// Pieces one after the other.
    init(_ pieces: some Sequence<HTML>) { markup = pieces.map(\.markup).joined() }

    static func + (left: HTML, right: HTML) -> HTML { HTML([left, right]) }
    static func += (left: inout HTML, right: HTML) { left.markup += right.markup }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var markup = ""

        init(literalCapacity: Int, interpolationCount: Int) { markup.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { markup += literal }
        mutating func appendInterpolation(_ piece: HTML) { markup += piece.markup }
        mutating func appendInterpolation(_ number: Int) { markup += "\(number)" }
        mutating func appendInterpolation(_ text: String) { HTML.escape(text, into: &markup) }
    }

    /// Escapes what could be markup. Control characters, and those that turn the direction of writing and so could make
    /// a line look like another, become visible.
    private static func escape(_ text: String, into markup: inout String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": markup += "&amp;"
            case "<": markup += "&lt;"
            case ">": markup += "&gt;"
            case "\"": markup += "&quot;"
            case "'": markup += "&#39;"
            case "\n", "\t": markup.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}": markup.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value)!)
            case "\u{7F}"..."\u{9F}", "\u{200E}", "\u{200F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                markup += "\u{FFFD}"
            default: markup.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Sequence {
    /// The pieces made of each element, one after the other.
    func html(_ piece: (Element) -> HTML) -> HTML { HTML(map(piece)) }
}

/// Numbers as people read them.
enum Readable {
    /// With a thin space between the thousands.
    static func count(_ number: Int) -> String {
        var digits = String(number.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (number < 0 ? "−" : "") + ([digits] + groups).joined(separator: "\u{202F}")
    }

    /// In bytes, kB, MB, GB or TB of 1000 each.
    static func bytes(_ number: Int) -> String {
        var value = Double(number)
        var unit = 0
        while abs(value) >= 999.5, unit < 4 {
            value /= 1_000
            unit += 1
        }
        return "\(unit == 0 ? "\(number)" : decimal(value))\u{202F}\(["B", "kB", "MB", "GB", "TB"][unit])"
    }

    /// In seconds, minutes, hours or days.
    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<120: "\(decimal(seconds))\u{202F}s"
        case ..<7_200: "\(decimal(seconds / 60))\u{202F}min"
        case ..<172_800: "\(decimal(seconds / 3_600))\u{202F}h"
        default: "\(decimal(seconds / 86_400))\u{202F}d"
        }
    }

    /// A share of a whole in per cent.
    static func percent(_ part: Int, of whole: Int) -> String {
        whole == 0 ? "–" : "\(decimal(100 * Double(part) / Double(whole)))\u{202F}%"
    }

    /// Three digits or so.
    static func decimal(_ value: Double) -> String {
        let scale = value >= 99.5 ? 1.0 : value >= 9.95 ? 10 : 100
        let scaled = Int((value * scale).rounded())
        if scale == 1 { return count(scaled) }
        let fraction = String(scaled % Int(scale))
        let zeros = String(repeating: "0", count: (scale == 10 ? 1 : 2) - fraction.count)
        let text = "\(scaled / Int(scale)).\(zeros)\(fraction)"
        return text.hasSuffix(".00") || text.hasSuffix(".0") ? String(text.prefix { $0 != "." }) : text
    }
}

extension StringProtocol {
    /// The text on one line, with nothing in it that a terminal would obey: what a server sends may be written by anyone.
    ///
    /// Control characters, line ends and the marks that turn the direction of writing (Unicode's `Cc`, `Cf`, `Zl`, `Zp`)
    /// become `\u{…}`; `\n` and `\t` keep their short names.
    public var printable: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case _ where scalar == "\n": text += "\\n"
            case _ where scalar == "\t": text += "\\t"
            // The joiner of emoji and of several scripts is harmless, and needed.
            case _ where scalar == "\u{200D}" || scalar == "\u{200C}": text.unicodeScalars.append(scalar)
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// The text cut to a number of characters, the last of them `…` when something was cut.
    public func cut(to length: Int) -> String {
        count <= length ? String(self) : prefix(Swift.max(0, length - 1)) + "…"
    }
}

/// What may stand as an id. Ids end up in logs, in answers and as keys of tables, so they are short and plain.
enum IdentityText {
    /// The longest id of another's making.
    static let maxLength = 256
    /// The longest id of a run.
    static let maxRunLength = 128

    /// An id of a client's own making: printable ASCII without spaces.
    static func id(_ text: String, in place: String, _ diagnostics: inout [String]) -> String? {
        let text = trimmed(text)
        if text.isEmpty { return nil }
        guard text.utf8.count <= maxLength, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            diagnostics.append(
                "\(place) ignored: '\(shortened(text))' is not at most \(maxLength) characters of printable ASCII without spaces"
            )
            return nil
        }
        return text
    }

    /// An id that the control API can name in a path.
    static func runID(_ text: String, in place: String, _ diagnostics: inout [String]) -> String? {
        let text = trimmed(text)
        guard !text.isEmpty, text.utf8.count <= maxRunLength, text.utf8.allSatisfy(isOfRunID) else {
            diagnostics.append(
                "\(place) ignored: '\(shortened(text))' is not 1 to \(maxRunLength) characters out of A-Z a-z 0-9 . _ : -"
            )
            return nil
        }
        return text
    }

    private static func isOfRunID(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Without the blanks around it.
    private static func trimmed(_ text: String) -> String {
        guard text.utf8.first.map(isBlank) == true || text.utf8.last.map(isBlank) == true else { return text }
        let start = text.utf8.drop(while: isBlank)
        return String(Substring(start).reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Short enough for a line of log, whatever a client sends, and on one line.
    static func shortened(_ text: String) -> String {
        let visible = text.unicodeScalars.prefix(64).map { scalar in
            scalar.properties.generalCategory == .control ? " " : Character(scalar)
        }
        return String(visible) + (text.unicodeScalars.count > 64 ? "…" : "")
    }
}

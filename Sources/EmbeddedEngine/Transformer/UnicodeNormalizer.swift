private import Foundation

/// The one normalisation that byte-level tokenizers use: canonical composition (Unicode's form NFC).
enum UnicodeNormalizer {
    case composed

    /// Reads `normalizer` of `tokenizer.json`; `nil` when text stays as it is.
    init?(_ value: JSONValue?, path: String) throws(ModelError) {
        guard let value else { return nil }
        switch value["type"]?.string {
        case "NFC": self = .composed
        case "Sequence":
            guard let stages = value["normalizers"]?.elements, stages.count <= 1 else {
                throw ModelError(path, "normalizer is a sequence; the engine knows NFC alone")
            }
            try self.init(stages.first, path: path)
        case let type: throw ModelError(path, "normalizer is of type '\(type ?? "")'; the engine knows NFC")
        }
    }

    /// Composes the characters of a text. What is no UTF-8 stays as it is: there is no character to compose.
    func normalize(_ text: ArraySlice<UInt8>) -> [UInt8] {
        if text.allSatisfy({ $0 < 0x80 }) { return Array(text) }
        guard let string = String(validating: text, as: UTF8.self) else { return Array(text) }
        return Array(string.precomposedStringWithCanonicalMapping.utf8)
    }
}

/// Replaces what people and models wrote, and keeps everything else: in the strings of JSON every letter becomes `x` and
/// every digit `0`, so that each byte stays where it was.
///
/// The strings under ``plainKeys`` stay, and so do names of members: without them a stream could not be read. A letter of
/// several bytes becomes another of as many. Escapes stay, but for `\u` escapes, which become `\u0078`.
///
/// The bytes may be cut anywhere: what is known of them is carried over.
struct TextMask {
    /// Members whose strings tell a stream's form and nothing of what was said.
    static let plainKeys: Set<String> = [
        "type", "object", "role", "model", "id", "status", "finish_reason", "stop_reason", "done_reason", "stop_type",
        "service_tier", "system_fingerprint", "call_id", "item_id", "tool_call_id", "tool_use_id", "response_id",
        "created_at", "event", "encoding_format", "effort", "tool_choice", "phase", "obfuscation",
    ]

    private enum Place {
        /// Between the strings of JSON.
        case outside
        case string(isKey: Bool, isPlain: Bool)
    }

    private var place = Place.outside
    /// For each open bracket, whether it is an object's.
    private var isObject: [Bool] = []
    private var awaitsKey = false
    private var key: [UInt8] = []
    private var isEscaped = false
    /// How many hexadecimal digits of an escape are still to come.
    private var hexDigits = 0
    /// How the present line begins, as far as it is a field of an event stream.
    private var lineStart: [UInt8] = []
    private var isFreeText = false

    mutating func mask(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for index in bytes.indices { bytes[index] = mask(bytes[index]) }
        return bytes
    }

    private mutating func mask(_ byte: UInt8) -> UInt8 {
        switch place {
        case .outside: outside(byte)
        case .string(let isKey, let isPlain): inString(byte, isKey: isKey, isPlain: isPlain)
        }
    }

    private mutating func outside(_ byte: UInt8) -> UInt8 {
        if isObject.isEmpty {
            if byte == 0x0A || byte == 0x0D {
                lineStart = []
                isFreeText = false
                return byte
            }
            if isFreeText { return Self.replacement(byte) }
        }
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            // "data: [DONE]" opens nothing that would not be closed.
            isObject.append(byte == UInt8(ascii: "{"))
            awaitsKey = byte == UInt8(ascii: "{")
            key = []
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            _ = isObject.popLast()
            awaitsKey = false
        case UInt8(ascii: ","): awaitsKey = isObject.last ?? false
        case UInt8(ascii: ":"): awaitsKey = false
        case UInt8(ascii: "\"") where !isObject.isEmpty:
            let isKey = awaitsKey
            if isKey { key = [] }
            let isPlain = !isKey && Self.plainKeys.contains(String(decoding: key, as: UTF8.self))
            place = .string(isKey: isKey, isPlain: isPlain)
            return byte
        default: break
        }
        return isObject.isEmpty && line(byte) ? Self.replacement(byte) : byte
    }

    /// Watches a line outside of JSON: what is no field of an event stream is text, and so is what follows `data:` and
    /// is no JSON.
    /// - Returns: Whether the byte belongs to text.
    private mutating func line(_ byte: UInt8) -> Bool {
        if lineStart.last == UInt8(ascii: ":") {
            guard lineStart.elementsEqual("data:".utf8) else { return false }
            isFreeText = byte != 0x20 && byte != UInt8(ascii: "]") && byte != UInt8(ascii: "}")
        } else if byte != UInt8(ascii: "}"), byte != UInt8(ascii: "]") {
            lineStart.append(byte)
            isFreeText = !Self.fields.contains { $0.starts(with: lineStart) }
        }
        return isFreeText
    }

    private static let fields = ["data:", "event:", "id:", "retry:"].map { Array($0.utf8) }

    private mutating func inString(_ byte: UInt8, isKey: Bool, isPlain: Bool) -> UInt8 {
        if isKey {
            if byte == UInt8(ascii: "\""), !isEscaped { place = .outside } else if key.count < 64 { key.append(byte) }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            return byte
        }
        if hexDigits > 0 {
            hexDigits -= 1
            return isPlain ? byte : [UInt8](arrayLiteral: 0x38, 0x37, 0x30, 0x30)[hexDigits]
        }
        if isEscaped {
            isEscaped = false
            if byte == UInt8(ascii: "u") { hexDigits = 4 }
            return byte
        }
        switch byte {
        case UInt8(ascii: "\\"):
            isEscaped = true
            return byte
        case UInt8(ascii: "\""):
            place = .outside
            return byte
        default: return isPlain ? byte : Self.replacement(byte)
        }
    }

    /// A byte in place of another. In UTF-8 the first byte of a scalar tells its length: it becomes the first of a letter
    /// of that length, and each byte that follows becomes the same one.
    private static func replacement(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt8(ascii: "x")
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt8(ascii: "0")
        case 0x80...0xBF: 0x96
        case 0xC2...0xDF: 0xC3
        case 0xE0...0xEF: 0xE6
        case 0xF0...0xF7: 0xF0
        default: byte
        }
    }
}

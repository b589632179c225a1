/// Writes one JSON object as a line, member by member.
struct JSONLine {
    private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]

    mutating func member(_ name: StaticString, _ text: String) {
        key(name)
        var text = text
        text.withUTF8 { quote(UnsafeRawBufferPointer($0)) }
    }

    mutating func member(_ name: StaticString, _ text: String?) {
        if let text { member(name, text) }
    }

    mutating func member(_ name: StaticString, _ number: some BinaryInteger) {
        key(name)
        bytes.append(contentsOf: "\(number)".utf8)
    }

    mutating func member(_ name: StaticString, _ number: Double) {
        key(name)
        bytes.append(contentsOf: (number.isFinite ? "\(number)" : "0").utf8)
    }

    mutating func member(_ name: StaticString, raw json: [UInt8]) {
        key(name)
        bytes.append(contentsOf: json)
    }

    /// A list of pairs.
    mutating func member(_ name: StaticString, _ headers: [Header]) {
        key(name)
        bytes.append(UInt8(ascii: "["))
        for (index, header) in headers.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "["))
            for (index, var text) in [header.name, header.value].enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                text.withUTF8 { quote(UnsafeRawBufferPointer($0)) }
            }
            bytes.append(UInt8(ascii: "]"))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Bytes that must come back as they are: as text when they are valid UTF-8, else in base64.
    mutating func body(_ body: [UInt8]) {
        if Self.isUTF8(body) {
            key("text")
            body.withUnsafeBytes { quote($0) }
        } else {
            key("b64")
            bytes.append(UInt8(ascii: "\""))
            Base64.encode(body, into: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// The line with its end.
    consuming func finished() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private mutating func key(_ name: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    /// Appends valid UTF-8 as a JSON string; runs without escapes are copied as a whole.
    private mutating func quote(_ text: UnsafeRawBufferPointer) {
        bytes.reserveCapacity(bytes.count + text.count + text.count / 8 + 16)
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        for index in 0..<text.count {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: text[start..<index])
            start = index + 1
            bytes.append(UInt8(ascii: "\\"))
            switch byte {
            case 0x0A: bytes.append(UInt8(ascii: "n"))
            case 0x0D: bytes.append(UInt8(ascii: "r"))
            case 0x09: bytes.append(UInt8(ascii: "t"))
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: "u00".utf8)
                if digits.utf8.count < 2 { bytes.append(UInt8(ascii: "0")) }
                bytes.append(contentsOf: digits.utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(contentsOf: text[start...])
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isUTF8(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var index = 0
            while index + 8 <= buffer.count {
                let word = buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                if word & 0x8080_8080_8080_8080 != 0 { break }
                index += 8
            }
            while index < buffer.count, buffer[index] < 0x80 { index += 1 }
            return index == buffer.count || String(validating: buffer[index...], as: UTF8.self) != nil
        }
    }
}

/// Base64 (RFC 4648, section 4).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8], into output: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            let rest = min(3, bytes.count - index)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < rest ? UInt32(bytes[index + offset]) : 0) }
            for place in 0..<4 {
                let value = Int(group >> UInt32(18 - 6 * place)) & 63
                output.append(place <= rest ? alphabet[value] : UInt8(ascii: "="))
            }
            index += 3
        }
    }

    /// `nil` when the text is no base64.
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        var output: [UInt8] = []
        var padding = 0
        var index = 0
        while index < text.count {
            var group: UInt32 = 0
            for offset in 0..<4 {
                let byte = text[index + offset]
                if byte == UInt8(ascii: "="), index + 4 == text.count, offset >= 2 {
                    padding += 1
                    group <<= 6
                } else {
                    guard padding == 0, let value = value(of: byte) else { return nil }
                    group = group << 6 | value
                }
            }
            output.append(UInt8(truncatingIfNeeded: group >> 16))
            output.append(UInt8(truncatingIfNeeded: group >> 8))
            output.append(UInt8(truncatingIfNeeded: group))
            index += 4
        }
        output.removeLast(padding)
        return output
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

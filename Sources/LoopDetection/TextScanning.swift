extension Span<UInt8> {
    /// Reads the scalar at `index` and moves behind it. A byte that begins no well-formed sequence reads as U+FFFD.
    func scalar(at index: inout Int) -> Unicode.Scalar {
        let first = self[index]
        index += 1
        if first < 0x80 { return Unicode.Scalar(first) }
        let length = first < 0xC2 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF5 ? 3 : 0
        guard length > 0, index + length <= count else { return "\u{FFFD}" }
        var code = UInt32(first) & (0x3F >> UInt32(length))
        for offset in 0..<length {
            let byte = self[index + offset]
            guard byte & 0xC0 == 0x80 else { return "\u{FFFD}" }
            code = code << 6 | UInt32(byte & 0x3F)
        }
        guard let scalar = Unicode.Scalar(code) else { return "\u{FFFD}" }
        index += length
        return scalar
    }
}

extension Unicode.Scalar {
    /// Whether this is a letter; punctuation, digits and box drawing are none.
    var isLetter: Bool {
        if value < 0x80 { return (value | 0x20) &- 0x61 < 26 }
        return isCaselessLetter || properties.isAlphabetic
    }

    /// Whether this is a decimal digit or another number.
    var isDigit: Bool {
        if value < 0x80 { return value &- 0x30 < 10 }
        return !isCaselessLetter && properties.numericType == .decimal
    }

    /// Whether this is white space.
    var isSpace: Bool {
        if value < 0x80 { return value == 0x20 || value &- 0x09 < 5 }
        return value == 0xA0 || value == 0x3000 || value &- 0x2000 < 11
    }

    /// Whether the script of this letter is written without spaces, so that characters have to stand in for words:
    /// Han, kana, Thai, Lao, Burmese, Khmer.
    var isUnspaced: Bool {
        switch value {
        case 0x3041...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF: true
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF: properties.isAlphabetic
        default: false
        }
    }

    /// Han, kana and Hangul, by far the most frequent letters without case: spares the look-up in the Unicode tables.
    private var isCaselessLetter: Bool {
        switch value {
        case 0x3041...0x3096, 0x30A1...0x30FA, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3: true
        default: false
        }
    }

    /// Appends the lower case of this scalar as UTF-8. That has at most half as many bytes again as the scalar itself:
    /// two bytes may become three (`İ`, `Ⱥ`), nothing grows more.
    func appendFolded(to bytes: inout OutputSpan<UInt8>) {
        if value < 0x80 {
            bytes.append(UInt8(value).asciiLowercased)
        } else if isCaselessLetter {
            for byte in UTF8.encode(self)! { bytes.append(byte) }
        } else {
            for byte in properties.lowercaseMapping.utf8 { bytes.append(byte) }
        }
    }
}
